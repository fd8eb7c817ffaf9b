package trial

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"maestro/internal/engine"
	"maestro/internal/model"
)

// control answers what tests ask of this process: a connection for each request, which is
// a line of JSON, as is the answer. One connection stays open, by which tests are told to
// come to an end.
type control struct {
	ctx     context.Context
	engine  *engine.Engine
	store   *store
	vault   *vault
	queue   *queue
	book    *book
	session model.ID // the run that is pytest itself
	limit   time.Duration
	stuck   func(test string) // a test goes on after its time limit

	mu      sync.Mutex // guards what follows
	running map[model.ID]bool
	bell    net.Conn // to the thread that interrupts tests; nil: there is none yet
	test    string
	timer   *time.Timer // of test
}

// request is one of a test.
type request struct {
	Do       string          `json:"do"`
	Function string          `json:"function"`
	Name     string          `json:"name"`
	Input    json.RawMessage `json:"input"`
	Value    *string         `json:"value"`
	Code     string          `json:"code"`
	Test     string          `json:"test"`
	Trigger  model.Trigger   `json:"trigger"`
	HTTP     *httpRequest    `json:"http"`
}

// answer is that to a request: a result, or why there is none.
type answer struct {
	Result any    `json:"result"`
	Code   string `json:"code,omitempty"`
	Error  string `json:"error,omitempty"`
}

// serve answers the connections of a listener until it is closed.
func (c *control) serve(listener net.Listener) {
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return // it was closed
		}
		all.Go(func() { c.converse(conn) })
	}
}

func (c *control) converse(conn net.Conn) {
	line, err := bufio.NewReader(conn).ReadBytes('\n')
	if err != nil {
		_ = conn.Close()
		return
	}
	var r request
	var answered answer
	if err := json.Unmarshal(line, &r); err != nil {
		answered.Error = fmt.Sprintf("read a request of a test: %v", err)
	} else if r.Do == "listen" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bell = conn
		return
	} else {
		answered = c.answer(&r)
	}
	defer func() { _ = conn.Close() }()
	text, err := json.Marshal(answered)
	if err != nil {
		text, _ = json.Marshal(answer{Error: fmt.Sprintf("write the answer to a test: %v", err)})
	}
	_, _ = conn.Write(append(text, '\n')) // or the process is about to end
}

func (c *control) answer(r *request) answer {
	var result any
	var err error
	switch r.Do {
	case "run":
		result, err = c.run(r)
	case "replace":
		c.store.replace(r.Function, r.Code)
		c.engine.FunctionsChanged(subtenant)
	case "restore":
		c.store.restore(r.Function)
		c.engine.FunctionsChanged(subtenant)
	case "secret":
		c.vault.put(r.Name, r.Value)
	case "spawned":
		result = viewSpawned(c.queue.all())
	case "run spawned":
		result = c.runSpawned()
	case "forget spawned":
		c.queue.take()
	case "begin":
		c.begin(r.Test)
	case "end":
		c.end()
	default:
		err = fmt.Errorf("a test has asked for %q, which is unknown", r.Do)
	}
	var coded *model.Error
	switch {
	case errors.As(err, &coded):
		return answer{Code: string(coded.Code), Error: coded.Detail}
	case err != nil:
		return answer{Error: err.Error()}
	}
	return answer{Result: result}
}

// run runs a function as a request to the API would.
func (c *control) run(r *request) (any, error) {
	id := model.NewID()
	asked := engine.RunRequest{Tenant: subtenant, Function: r.Function, Input: r.Input, Trigger: r.Trigger, ID: id}
	if r.HTTP != nil {
		asked.Origin = r.HTTP
		asked.Trigger = model.TriggerWebhook
	}
	if asked.Trigger == "" {
		asked.Trigger = model.TriggerManual
	}
	if engine.RequestShaped(r.Input) {
		asked.Request = true
	}
	c.book.open(id)
	c.note(id, true)
	result, err := c.engine.Run(c.ctx, asked)
	c.note(id, false)
	kept := c.book.close(id)
	if kept.execution.ID.IsZero() {
		return nil, err // it was refused
	}
	return viewRun(kept, result, err), nil
}

// runSpawned runs what functions have spawned, and what that spawns, to the end: attempts
// that fail are retried at once.
func (c *control) runSpawned() (all []runView) {
	all = []runView{}
	for {
		runs := c.queue.take()
		if len(runs) == 0 {
			return all
		}
		for _, queued := range runs {
			all = append(all, c.runQueued(queued))
		}
	}
}

func (c *control) runQueued(queued model.QueuedRun) runView {
	id := queued.Execution.ID
	for {
		c.book.open(id)
		c.note(id, true)
		err := c.engine.RunQueued(c.ctx, queued)
		c.note(id, false)
		kept := c.book.close(id)
		if kept.execution.ID.IsZero() {
			kept.execution = queued.Execution
			kept.execution.Status = model.StatusFailed
			text := fmt.Sprint(err)
			kept.execution.Error = &text
		}
		if !kept.retry || c.ctx.Err() != nil {
			return viewRun(kept, engine.RunResult{Output: kept.execution.Output}, nil)
		}
		queued.Execution.Attempt++
	}
}

func (c *control) note(id model.ID, runs bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if runs {
		c.running[id] = true
	} else {
		delete(c.running, id)
	}
}

// grace is how long a test has to end that was told to.
const grace = 5 * time.Second

// heard bounds the wait until a test has been told.
const heard = time.Second

// cancelEvery is the time between two cancels of a test's runs.
const cancelEvery = 50 * time.Millisecond

// begin notes that a test begins, whose time is limited.
func (c *control) begin(test string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.test = test
	if c.limit > 0 {
		c.timer = time.AfterFunc(c.limit, func() { c.overrun(test) })
	}
}

// end notes that the test has ended.
func (c *control) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.test = ""
	if c.timer != nil {
		c.timer.Stop()
	}
}

// overrun stops a test that has run past its time limit.
func (c *control) overrun(test string) {
	c.mu.Lock()
	over, bell := c.test != test, c.bell
	if !over {
		c.timer = time.AfterFunc(grace, func() {
			if c.runs(test) {
				c.stuck(test)
			}
		})
	}
	c.mu.Unlock()
	if !over {
		c.stop(bell, test, "time limit")
	}
}

// interrupt stops the test that runs, and pytest with it.
func (c *control) interrupt() {
	c.mu.Lock()
	test, bell := c.test, c.bell
	c.mu.Unlock()
	c.stop(bell, test, "interrupt")
}

// stop tells a test why it ends, and then cancels its runs: a test whose run has ended first would
// go on, and its successor would be stopped in its place. A run may begin meanwhile.
func (c *control) stop(bell net.Conn, test, reason string) {
	if bell != nil {
		// It is answered once the exception is there. A test that holds the GIL for long delays that.
		_ = bell.SetDeadline(time.Now().Add(heard))
		_, _ = fmt.Fprintln(bell, reason) // or the process is about to end
		_, _ = bell.Read(make([]byte, 1))
	}
	again := time.NewTicker(cancelEvery)
	defer again.Stop()
	for until := time.Now().Add(grace); time.Now().Before(until) && c.runs(test); <-again.C {
		c.mu.Lock()
		for id := range c.running {
			c.engine.Cancel(subtenant, id)
		}
		c.mu.Unlock()
	}
}

// runs says whether the test goes on.
func (c *control) runs(test string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return test != "" && c.test == test
}
