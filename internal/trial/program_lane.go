package trial

import (
	"context"
	"sync"

	"maestro/embed"
	"maestro/internal/model"
)

// lane runs calls in this process. It compiles each version of a function once: a
// function that was replaced and is back again has the module that tests have imported.
type lane struct {
	*embed.Host

	mu       sync.Mutex // guards programs
	programs map[programKey]*model.Program
}

type programKey struct {
	name, source string
	version      int
}

var _ model.Lane = (*lane)(nil)

// Compile implements model.Compiler.
func (l *lane) Compile(ctx context.Context, function string, version int, source string) (*model.Program, error) {
	return l.once(programKey{function, source, version}, func() (*model.Program, error) {
		return l.Host.Compile(ctx, function, version, source)
	})
}

// CompileModule implements model.Compiler.
func (l *lane) CompileModule(ctx context.Context, name string, version int, source string) (*model.Program, error) {
	return l.once(programKey{name, source, version}, func() (*model.Program, error) {
		return l.Host.CompileModule(ctx, name, version, source)
	})
}

func (l *lane) once(key programKey, compile func() (*model.Program, error)) (*model.Program, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.programs[key]; known != nil {
		return known, nil
	}
	made, err := compile()
	if err == nil {
		l.programs[key] = made
	}
	return made, err
}
