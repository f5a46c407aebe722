package main

import (
	"runtime"
	"sync"
	"time"
)

// Go has no channel without a bound, so this bound stands in for it.
const streamBound = 1_024

func lockAlone(budget time.Duration) float64 {
	const chunk = 1_000_000
	var mutex sync.Mutex
	sum := 0
	return nanoseconds(budget, chunk, func() time.Duration {
		begin := time.Now()
		for i := 0; i < chunk; i++ {
			mutex.Lock()
			sum++
			mutex.Unlock()
		}
		return time.Since(begin)
	})
}

// lock lets each of tasks goroutines add one under the mutex, and yield before it lets go if yields.
func lock(tasks int, budget time.Duration, yields bool) float64 {
	const chunk = 100_000
	each := chunk / tasks
	return nanoseconds(budget, each*tasks, func() time.Duration {
		var mutex sync.Mutex
		var done sync.WaitGroup
		sum := 0
		begin := time.Now()
		done.Add(tasks)
		for task := 0; task < tasks; task++ {
			go func() {
				for i := 0; i < each; i++ {
					mutex.Lock()
					sum++
					if yields {
						runtime.Gosched()
					}
					mutex.Unlock()
				}
				done.Done()
			}()
		}
		done.Wait()
		elapsed := time.Since(begin)
		if sum != each*tasks {
			fail(1, "the mutex does not exclude")
		}
		return elapsed
	})
}

func condvar(budget time.Duration) float64 {
	const chunk = 50_000
	return nanoseconds(budget, chunk, func() time.Duration {
		var mutex sync.Mutex
		changed := sync.NewCond(&mutex)
		turn := 0
		takeTurns := func(mine int) {
			for i := 0; i < chunk; i++ {
				mutex.Lock()
				for turn%2 != mine {
					changed.Wait()
				}
				turn++
				mutex.Unlock()
				changed.Signal()
			}
		}
		done := make(chan struct{})
		go func() {
			takeTurns(1)
			close(done)
		}()
		begin := time.Now()
		takeTurns(0)
		elapsed := time.Since(begin)
		<-done
		return elapsed
	})
}

// ping sends a number there and back over two channels of this bound.
func ping(bound int, budget time.Duration) float64 {
	const chunk = 50_000
	return nanoseconds(budget, chunk, func() time.Duration {
		there, back := make(chan int, bound), make(chan int, bound)
		go func() {
			for i := 0; i < chunk; i++ {
				back <- <-there
			}
		}()
		begin := time.Now()
		for number := 0; number < chunk; number++ {
			there <- number
			if <-back != number {
				fail(1, "another number has come back")
			}
		}
		return time.Since(begin)
	})
}

// stream sends numbers from several goroutines to one.
func stream(producers int, budget time.Duration) float64 {
	each := 400_000 / producers
	return nanoseconds(budget, each*producers, func() time.Duration {
		numbers := make(chan int, streamBound)
		var done sync.WaitGroup
		begin := time.Now()
		done.Add(producers)
		for producer := 0; producer < producers; producer++ {
			go func() {
				for number := 0; number < each; number++ {
					numbers <- number
				}
				done.Done()
			}()
		}
		for received := 0; received < each*producers; received++ {
			<-numbers
		}
		done.Wait()
		return time.Since(begin)
	})
}
