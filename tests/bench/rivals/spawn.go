// What spawning and yielding cost in Go, in CPU time. For one core:
// GOMAXPROCS=1.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"syscall"
)

const ready = 1000

func cpuNs() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func report(name string, count int, work func(count int)) {
	before := cpuNs()
	work(count)
	fmt.Printf("%s %.1f\n", name, float64(cpuNs()-before)/float64(count))
}

func spawnAndJoin(count int) {
	done := make(chan int)
	for i := 0; i < count; i++ {
		go func() { done <- 1 }()
		<-done
	}
}

func yieldInTurn(count int) {
	var all sync.WaitGroup
	for i := 0; i < ready; i++ {
		all.Add(1)
		go func() {
			for turn := 0; turn < count/ready; turn++ {
				runtime.Gosched()
			}
			all.Done()
		}()
	}
	all.Wait()
}

func main() {
	spawnAndJoin(1000)
	report("spawn_ns", 1_000_000, spawnAndJoin)
	report("yield_ns", 5_000_000, yieldInTurn)
}
