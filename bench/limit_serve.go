package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/internal/recorder"
	"maestro/internal/schema"
	"maestro/migrations"
	"maestro/repo"
)

const (
	helloInput  = `{"type":"object","properties":{"name":{"type":"string"}}}`
	helloOutput = `{"type":"string"}`
)

// serveBare is a Fiber handler that does nothing but answer.
func serveBare() error {
	app := newApp()
	app.Post("/hello", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.SendString(`{"success":true,"result":"Hello, Claude!"}`)
	})
	return listen(app)
}

// serveLimit is the limit of design section 11: the same HTTP, the same schemas
// and the same durable record as the server, and no Python.
func serveLimit() error {
	ctx := context.Background()
	url := os.Getenv("DATABASE_URL")
	if _, err := migrations.Up(ctx, url); err != nil {
		return err
	}
	db, err := repo.Open(ctx, url, repo.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.EnsurePartitions(ctx, time.Now()); err != nil {
		return err
	}
	if _, err := db.EnsureSubtenant(ctx, "default"); err != nil {
		return err
	}
	rec := recorder.New(db, recorder.Options{SpoolDir: os.Getenv("DATA_DIR")}, slog.New(slog.DiscardHandler))
	if err := rec.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = rec.Stop(ctx) }()
	input, err := schema.Compile(json.RawMessage(helloInput))
	if err != nil {
		return err
	}
	output, err := schema.Compile(json.RawMessage(helloOutput))
	if err != nil {
		return err
	}
	app := newApp()
	app.Post("/hello", func(c *fiber.Ctx) error {
		body := append([]byte(nil), c.Body()...)
		if err := schema.Scan(body); err != nil {
			return err
		}
		if problems, err := input.Validate(ctx, time.Time{}, body); err != nil || len(problems) > 0 {
			return fmt.Errorf("input: %v %w", problems, err)
		}
		var in struct{ Name string }
		if err := json.Unmarshal(body, &in); err != nil {
			return err
		}
		result, err := json.Marshal("Hello, " + in.Name + "!")
		if err != nil {
			return err
		}
		if problems, err := output.Validate(ctx, time.Time{}, result); err != nil || len(problems) > 0 {
			return fmt.Errorf("output: %v %w", problems, err)
		}
		now := time.Now()
		id := model.NewIDAt(now)
		kept := rec.Finish(ctx, &model.Record{Execution: model.Execution{
			ID: id, Tenant: "default", FunctionName: "hello_world", FunctionVersion: 1, Trigger: model.TriggerWebhook,
			Status: model.StatusCompleted, Input: body, Output: result, CreatedAt: now, StartedAt: now,
			CompletedAt: time.Now(), Duration: time.Since(now), Attempt: 1, RecordComplete: true,
		}})
		if kept != model.Committed {
			return fmt.Errorf("a record is %s", kept)
		}
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		c.Set("X-Execution-ID", id.String())
		return c.SendString(`{"success":true,"execution_id":"` + id.String() + `","result":` + string(result) + `}`)
	})
	return listen(app)
}

func newApp() *fiber.App {
	debug.SetGCPercent(400) // as the server does
	return fiber.New(fiber.Config{DisableStartupMessage: true, ReadBufferSize: 32 << 10})
}

// listen serves until SIGTERM, on a free port that it prints.
func listen(app *fiber.App) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-stop
		_ = app.ShutdownWithTimeout(5 * time.Second)
	}()
	fmt.Printf("ready at http://%s\n", listener.Addr())
	return app.Listener(listener)
}
