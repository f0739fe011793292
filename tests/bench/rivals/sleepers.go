// A million goroutines asleep, as in sleepers.h. For one core: GOMAXPROCS=1.
//
//	sleepers [COUNT [SPREAD_MS]]
package main

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func cpuSeconds() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func residentBytes() float64 {
	text, _ := os.ReadFile("/proc/self/statm")
	var total, resident float64
	fmt.Sscan(string(text), &total, &resident)
	return resident * float64(os.Getpagesize())
}

func argument(index, value int) int {
	if len(os.Args) > index {
		value, _ = strconv.Atoi(os.Args[index])
	}
	return value
}

func main() {
	count := argument(1, 1_000_000)
	spread := time.Duration(argument(2, 0)) * time.Millisecond
	first := time.Now().Add(200*time.Millisecond +
		time.Duration(count)*15*time.Microsecond)
	deadlines := make([]time.Time, count)
	late := make([]time.Duration, count)
	for i := range deadlines {
		deadlines[i] = first.Add(time.Duration(rand.Int63n(int64(spread) + 1)))
		late[i] = -1
	}

	emptyBytes := residentBytes()
	start := cpuSeconds()
	var asleep atomic.Int64
	var woken, ended sync.WaitGroup
	woken.Add(count)
	ended.Add(count)
	gate := make(chan struct{})
	for i := 0; i < count; i++ {
		go func() {
			asleep.Add(1)
			time.Sleep(time.Until(deadlines[i]))
			late[i] = time.Since(deadlines[i])
			woken.Done()
			<-gate
			ended.Done()
		}()
		if i%1000 == 999 {
			runtime.Gosched()
		}
	}
	for asleep.Load() < int64(count) {
		runtime.Gosched()
	}
	allAsleep := cpuSeconds()
	asleepBytes := residentBytes()
	if time.Now().After(first) {
		fmt.Fprintln(os.Stderr, "Spawning took too long: the first woke before "+
			"the last slept. The machine is too busy for so many.")
		os.Exit(1)
	}
	woken.Wait()
	allWoken := cpuSeconds()
	close(gate)
	ended.Wait()
	allEnded := cpuSeconds()

	fmt.Printf("go_bytes_each %.6g\n", (asleepBytes-emptyBytes)/float64(count))
	fmt.Printf("go_spawn_cpu_s %.6g\n", allAsleep-start)
	fmt.Printf("go_wake_cpu_s %.6g\n", allWoken-allAsleep)
	fmt.Printf("go_end_cpu_s %.6g\n", allEnded-allWoken)
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	fmt.Printf("go_late_p99_ns %d\n", late[int(0.99*float64(count-1))])
	fmt.Printf("go_late_max_ns %d\n", late[count-1])
}
