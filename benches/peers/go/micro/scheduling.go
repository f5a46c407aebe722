package main

import (
	"runtime"
	"sync"
	"time"
)

// handOver wakes another goroutine and waits for it to do the same, by two unbuffered channels: Go
// has no cheaper way for one goroutine to park and another to wake it.
func handOver(budget time.Duration) float64 {
	const chunk = 100_000
	return nanoseconds(budget, chunk, func() time.Duration {
		there, back := make(chan struct{}), make(chan struct{})
		go func() {
			for i := 0; i < chunk; i++ {
				<-there
				back <- struct{}{}
			}
		}()
		runtime.Gosched()
		begin := time.Now()
		for i := 0; i < chunk; i++ {
			there <- struct{}{}
			<-back
		}
		return time.Since(begin)
	})
}

// timeout is handOver with a limit on each wait, which is never reached. Each side sets one timer
// again and again, which costs less than new ones.
func timeout(budget time.Duration) float64 {
	const chunk = 50_000
	const limit = 10 * time.Second
	wait := func(signal chan struct{}, timer *time.Timer) {
		timer.Reset(limit)
		select {
		case <-signal:
			timer.Stop()
		case <-timer.C:
			fail(1, "nobody has woken the other for 10 s")
		}
	}
	stopped := func() *time.Timer {
		timer := time.NewTimer(limit)
		timer.Stop()
		return timer
	}
	return nanoseconds(budget, chunk, func() time.Duration {
		there, back := make(chan struct{}), make(chan struct{})
		go func() {
			timer := stopped()
			for i := 0; i < chunk; i++ {
				wait(there, timer)
				back <- struct{}{}
			}
		}()
		timer := stopped()
		runtime.Gosched()
		begin := time.Now()
		for i := 0; i < chunk; i++ {
			there <- struct{}{}
			wait(back, timer)
		}
		return time.Since(begin)
	})
}

func yields(tasks int, budget time.Duration) float64 {
	const chunk = 200_000
	each := chunk / tasks
	return nanoseconds(budget, each*tasks, func() time.Duration {
		var done sync.WaitGroup
		done.Add(tasks)
		for task := 0; task < tasks; task++ {
			go func() {
				// The first turn is the start, which is not measured.
				for i := 0; i <= each; i++ {
					runtime.Gosched()
				}
				done.Done()
			}()
		}
		runtime.Gosched()
		begin := time.Now()
		done.Wait()
		return time.Since(begin)
	})
}

func spawns(batch int, budget time.Duration) float64 {
	const chunk = 20_000
	return nanoseconds(budget, chunk, func() time.Duration {
		begin := time.Now()
		for i := 0; i < chunk/batch; i++ {
			var done sync.WaitGroup
			done.Add(batch)
			for task := 0; task < batch; task++ {
				go done.Done()
			}
			done.Wait()
		}
		return time.Since(begin)
	})
}
