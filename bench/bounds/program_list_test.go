package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachProgramHasItsPurposeAndItsFunction(t *testing.T) {
	t.Parallel()
	programs, err := programList("")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, p := range programs {
		require.NotEmpty(t, p.purpose, p.name)
		require.False(t, seen[p.name], p.name)
		seen[p.name] = true
		if p.attack == nil {
			require.Contains(t, p.code, "def case(input):", p.name)
		}
	}
	for name := range variants {
		require.True(t, seen[name], "%s is no program", name)
	}
}

func TestProgramsOfAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/die_twice.py", []byte("# ends twice\ndef case(input): pass\n"), 0o600))
	programs, err := programList(dir)
	require.NoError(t, err)
	require.Len(t, programs, 1)
	require.Equal(t, "die_twice", programs[0].name)
	require.Equal(t, "ends twice", programs[0].purpose)
	_, err = programList(t.TempDir())
	require.ErrorContains(t, err, "has no programs")
}

func TestProcessStatWithParentheses(t *testing.T) {
	t.Parallel()
	p, ok := parseStat("42 (a) b (c)) S 7 " + strings.Repeat("1 ", 9) + "300 20 1 1 1 1 5 1 1 1 16 " + strings.Repeat("1 ", 9))
	require.True(t, ok)
	require.Equal(t, process{pid: 42, parent: 7, name: "a) b (c)", state: 'S', ticks: 320, threads: 5, resident: 16 * int64(os.Getpagesize())}, p)
}

func TestJudgement(t *testing.T) {
	t.Parallel()
	s := &stage{opts: options{floor: 10e6}}
	fine := row{answered: true, took: deadline, held: [2]int64{80 << 20, 90 << 20}, before: view{p99: 8e6}, during: view{p99: 15e6}}
	s.judge(&fine)
	require.Empty(t, fine.faults)
	for word, change := range map[string]func(*row){
		"no answer":   func(r *row) { r.answered = false },
		"answered":    func(r *row) { r.took = 3 * deadline },
		"lost 1 of 2": func(r *row) { r.during.calls, r.during.lost = 2, 1 },
		"p99 rose":    func(r *row) { r.during.p99 = 17e6 },
		"% of a core": func(r *row) { r.load = 0.06 },
		"memory":      func(r *row) { r.held[1] = 185 << 20 },
		"left":        func(r *row) { r.left = []string{"sleep"} },
		"files":       func(r *row) { r.damaged = true },
		"was shown":   func(r *row) { r.shown = "a key" },
		"restarted":   func(r *row) { r.restarts = "the server restarted" },
		"names the":   func(r *row) { r.restarts, r.fault = "the server restarted", true },
		"no answer for": func(r *row) {
			r.restarts, r.fault, r.culprit, r.during.gap = "the server restarted", true, true, deadline
		},
	} {
		bad := fine
		change(&bad)
		s.judge(&bad)
		require.Len(t, bad.faults, 1, word)
		require.Contains(t, bad.faults[0], word)
	}
}

func TestSecretsInAnAnswer(t *testing.T) {
	t.Parallel()
	s := &stage{data: t.TempDir()}
	require.NoError(t, os.WriteFile(s.data+"/admin_token", []byte("a-long-token\n"), 0o600))
	require.Equal(t, "the file admin_token", s.shown(program{}, "acme", `{"success":true,"result":"a-long-token"}`))
	require.Equal(t, "a neighbour's secret", s.shown(program{}, "acme", `{}`, "log line with "+plantedSecret))
	require.Empty(t, s.shown(program{}, "acme", `{"success":true,"result":"hello"}`))
	counted := program{variant: variant{shown: positive}}
	require.Empty(t, s.shown(counted, "acme", `{"success":true,"result":["times found",0,"MiB read",9]}`))
	require.NotEmpty(t, s.shown(counted, "acme", `{"success":true,"result":["times found",2,"MiB read",9]}`))
	walked := program{variant: variant{shown: fileSizes}}
	require.Empty(t, s.shown(walked, "acme", `{"success":true,"result":{"/a":"refused"}}`))
	require.Contains(t, s.shown(walked, "acme", `{"success":true,"result":{"/a":"refused","/b":12}}`), "/b")
}

func TestMiddleLoad(t *testing.T) {
	t.Parallel()
	require.Equal(t, 0.3, middle([]float64{0.3, 0.1}))
	require.Equal(t, 0.2, middle([]float64{0.3, 0.1, 0.2}))
}

func TestShareOfMemory(t *testing.T) {
	t.Parallel()
	require.Equal(t, int64(26898<<10), parseShare("55d0 ---p 0 00:00 0 [rollup]\nRss:               78984 kB\nPss:               26898 kB\nPss_Dirty:         11837 kB\n"))
}

func TestDescriptorsOfAnotherOwner(t *testing.T) {
	t.Parallel()
	s := &stage{data: t.TempDir(), opts: options{lane: "process"}}
	hunt := program{name: "st_fd_hunt", variant: variant{shown: anything}}
	for list, found := range map[string]bool{
		`[[6,"/maestro-bounds-1/data/python/lib/libpython3.14.so.1.0"],[6,100],[4,"/maestro-bounds-1/data/files/acme"],[7,"/memfd:maestro-slate (deleted)"]]`: false,
		`[[7,"/memfd:maestro-slate (deleted)"],[7,100]]`: true,
		`[[6,100]]`: true,
		`[[8,"/maestro-bounds-1/data/admin_token"]]`:         true,
		`[[8,"/maestro-bounds-1/data/files/other"],[8,100]]`: true,
		`[[9,"/memfd:maestro-settings (deleted)"]]`:          true,
	} {
		require.Equal(t, found, s.shown(hunt, "acme", `{"success":true,"result":`+list+`}`) != "", list)
	}
}

func TestBlameInTheLog(t *testing.T) {
	t.Parallel()
	line := `level=ERROR msg="code of a function ended the server that had this data folder before" tenant=acme-1 cause="SIGSEGV" function=case version=1` + "\n"
	require.True(t, blames("level=INFO msg=x\n"+line, "acme-1"))
	require.False(t, blames(line, "acme"))
	require.False(t, blames("level=WARN tenant=acme-1 function=case x\n", "acme-1"))
}
