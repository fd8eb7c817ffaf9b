package main

import (
	"sync"
	"time"
)

// settle is how long the load goes on before, between and after the restarts.
const settle = 3 * time.Second

// restartBehind restarts one server and upgrades both, one after the other, while
// calls arrive.
func (s *pair) restartBehind(p *proxy) (*outcome, int, error) {
	begin := time.Now()
	ended := make(chan struct{})
	seen := &outcome{calls: map[string]int{}}
	var load sync.WaitGroup
	load.Go(func() { s.load(p.url, seen, ended) })
	for range 3 {
		load.Go(func() { s.followLogs(p.url, seen, ended) })
	}
	time.Sleep(settle)
	var err error
	for _, change := range []func() error{
		func() error { return s.restart(s.one[0]) },
		func() error { return s.upgrade(s.one[1]) },
		func() error { return s.upgrade(s.one[0]) },
	} {
		if err = change(); err != nil {
			break
		}
		time.Sleep(settle)
	}
	close(ended)
	load.Wait()
	if err != nil {
		return nil, 0, err
	}
	recorded, err := s.recorded(begin)
	return seen, recorded, err
}
