// Command micro takes one measurement of Go, as benches/README.md defines it, and prints the figures
// on one line.
//
//	micro KIND COUNT WORKERS BUDGET_MS
//
// It exits with status 3, and says why on stderr, if Go has no such thing.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

const noSuchThing = 3

func main() {
	if len(os.Args) != 5 {
		fail(2, "usage: micro KIND COUNT WORKERS BUDGET_MS")
	}
	count, workers, milliseconds := number(2), number(3), number(4)
	runtime.GOMAXPROCS(workers)
	budget := time.Duration(milliseconds) * time.Millisecond
	figures := []float64{}
	switch kind := os.Args[1]; kind {
	case "hand-over":
		figures = append(figures, handOver(budget))
	case "timeout":
		figures = append(figures, timeout(budget))
	case "yield":
		figures = append(figures, yields(count, budget))
	case "spawn":
		figures = append(figures, spawns(count, budget))
	case "parked":
		figures = parked(count)
	case "sleepers":
		figures = sleepers(count)
	case "lock-alone":
		figures = append(figures, lockAlone(budget))
	case "lock":
		figures = append(figures, lock(count, budget, false))
	case "lock-and-yield":
		figures = append(figures, lock(count, budget, true))
	case "condvar":
		figures = append(figures, condvar(budget))
	case "ping":
		figures = append(figures, ping(streamBound, budget))
	case "ping-bounded":
		figures = append(figures, ping(count, budget))
	case "stream", "stream-bounded":
		figures = append(figures, stream(count, budget))
	case "switch":
		fail(noSuchThing, "Go switches only through its scheduler: see yield_now")
	default:
		fail(noSuchThing, "not written for Go: "+kind)
	}
	for position, figure := range figures {
		if position > 0 {
			fmt.Print(" ")
		}
		fmt.Print(figure)
	}
	fmt.Println()
}

func number(position int) int {
	value, err := strconv.Atoi(os.Args[position])
	if err != nil || value < 0 {
		fail(2, "not a number: "+os.Args[position])
	}
	return value
}

func fail(status int, why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(status)
}

// nanoseconds calls chunk once to warm up and then until budget is over; the result is nanoseconds
// an operation.
func nanoseconds(budget time.Duration, operations int, chunk func() time.Duration) float64 {
	chunk()
	begin := time.Now()
	total, chunks := time.Duration(0), 0
	for chunks == 0 || time.Since(begin) < budget {
		total += chunk()
		chunks++
	}
	return float64(total.Nanoseconds()) / (float64(chunks) * float64(operations))
}
