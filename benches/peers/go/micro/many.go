package main

import (
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// parked returns the bytes that each of count waiting goroutines adds: resident, page tables.
func parked(count int) []float64 {
	var waiting atomic.Int64
	gate := make(chan struct{})
	resident, tables := memory("VmRSS:"), memory("VmPTE:")
	for task := 0; task < count; task++ {
		go func() {
			waiting.Add(1)
			<-gate
		}()
	}
	for waiting.Load() < int64(count) {
		time.Sleep(time.Millisecond)
	}
	each := func(now, before float64) float64 {
		return max(0, now-before) / float64(count)
	}
	return []float64{each(memory("VmRSS:"), resident), each(memory("VmPTE:"), tables)}
}

// memory returns a figure of /proc/self/status in bytes.
func memory(name string) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fail(1, err.Error())
	}
	for _, line := range strings.Split(string(status), "\n") {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[0] == name {
			kibibytes, _ := strconv.ParseFloat(fields[1], 64)
			return kibibytes * 1024
		}
	}
	fail(1, "/proc/self/status has no line "+name)
	return 0
}

// sleepers lets count goroutines sleep until different moments of one second. The figures are CPU
// milliseconds of it all, and microseconds late: median, 99th percentile.
func sleepers(count int) []float64 {
	late := make([]float64, count)
	before := cpuTime()
	var done sync.WaitGroup
	done.Add(count)
	for task := 0; task < count; task++ {
		go func(task int) {
			deadline := time.Now().Add(nap(task, count))
			time.Sleep(time.Until(deadline))
			late[task] = float64(time.Since(deadline).Microseconds())
			done.Done()
		}(task)
	}
	done.Wait()
	cpu := cpuTime() - before
	sort.Float64s(late)
	quantile := func(share float64) float64 {
		return late[int(float64(count-1)*share)]
	}
	return []float64{cpu.Seconds() * 1e3, quantile(0.5), quantile(0.99)}
}

// nap says when the sleeper at position of count wakes: the same moments as those of the others.
func nap(position, count int) time.Duration {
	scattered := uint64(position) * 2_654_435_761 % uint64(count)
	return time.Duration(float64(time.Second) * float64(scattered) / float64(count))
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(1, err.Error())
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
