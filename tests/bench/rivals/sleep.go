// How late a sleep of a millisecond ends in Go.
//
//	sleep [SLEEPS]
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"
)

func main() {
	sleeps := 1000
	if len(os.Args) > 1 {
		sleeps, _ = strconv.Atoi(os.Args[1])
	}
	var late []int64
	for i := 0; i < sleeps; i++ {
		before := time.Now()
		time.Sleep(time.Millisecond)
		late = append(late, int64(time.Since(before)-time.Millisecond))
	}
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	for _, p := range []struct {
		name string
		part float64
	}{{"min", 0}, {"p50", 0.5}, {"p99", 0.99}, {"max", 1}} {
		fmt.Printf("go_%s_ns %d\n", p.name, late[int(p.part*float64(len(late)-1))])
	}
}
