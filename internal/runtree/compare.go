package runtree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"maestro/internal/terminal"
)

func itoa(n int) string { return strconv.Itoa(n) }

func percent(part float64) string { return fmt.Sprintf("%.0f%%", part*100) }

// Pair is a call in two executions; a nil side does not have it.
type Pair struct {
	Function    string   `json:"function_name"`
	A           *Side    `json:"a"`
	B           *Side    `json:"b"`
	Differences []string `json:"differences"` // version, status, input, output, error, and added or missing
	Calls       []*Pair  `json:"calls"`
}

// Side is a call in one of the two.
type Side struct {
	Version    int      `json:"function_version"`
	Status     string   `json:"status"`
	DurationMS *float64 `json:"duration_ms"`
	Input      Value    `json:"input_data"`
	Output     Value    `json:"output_data"`
	Error      string   `json:"error,omitempty"`
}

// Compare pairs the calls of two trees: those of the same function in their
// order, as a diff pairs equal lines.
func Compare(a, b *Node) *Pair {
	p := &Pair{Differences: []string{}, Calls: []*Pair{}}
	var left, right []*Node
	if a != nil {
		p.Function, p.A, left = a.Function, sideOf(a), a.Calls
	}
	if b != nil {
		p.Function, p.B, right = b.Function, sideOf(b), b.Calls
	}
	switch {
	case a == nil:
		p.Differences = append(p.Differences, "added")
	case b == nil:
		p.Differences = append(p.Differences, "missing")
	default:
		p.Differences = append(p.Differences, differences(a, b)...)
	}
	for _, pair := range align(left, right) {
		p.Calls = append(p.Calls, Compare(pair[0], pair[1]))
	}
	return p
}

func sideOf(n *Node) *Side {
	return &Side{Version: n.Version, Status: n.Status, DurationMS: n.Duration, Input: n.Input, Output: n.Output, Error: n.Error}
}

func differences(a, b *Node) (names []string) {
	for _, d := range []struct {
		name  string
		there bool
	}{
		{"function", a.Function != b.Function}, {"version", a.Version != b.Version}, {"status", a.Status != b.Status}, {"input", !sameValue(a.Input, b.Input)},
		{"output", !sameValue(a.Output, b.Output)}, {"error", a.Error != b.Error || a.ErrorType != b.ErrorType},
	} {
		if d.there {
			names = append(names, d.name)
		}
	}
	return names
}

func sameValue(a, b Value) bool {
	if bytes.Equal(a, b) {
		return true
	}
	decode := func(text Value) (value any) {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		_ = decoder.Decode(&value)
		return value
	}
	return reflect.DeepEqual(decode(a), decode(b))
}

// mostAligned bounds the table of align: beyond it calls are paired by position.
const mostAligned = 4_000_000

// align pairs calls by the longest common subsequence of their functions.
func align(a, b []*Node) (pairs [][2]*Node) {
	if len(a)*len(b) > mostAligned {
		for i := range max(len(a), len(b)) {
			var pair [2]*Node
			if i < len(a) {
				pair[0] = a[i]
			}
			if i < len(b) {
				pair[1] = b[i]
			}
			if pair[0] != nil && pair[1] != nil && pair[0].Function != pair[1].Function {
				pairs = append(pairs, [2]*Node{pair[0], nil}, [2]*Node{nil, pair[1]})
				continue
			}
			pairs = append(pairs, pair)
		}
		return pairs
	}
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].Function == b[j].Function {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i].Function == b[j].Function:
			pairs = append(pairs, [2]*Node{a[i], b[j]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && longest[i+1][j] >= longest[i][j+1]:
			pairs = append(pairs, [2]*Node{a[i], nil})
			i++
		default:
			pairs = append(pairs, [2]*Node{nil, b[j]})
			j++
		}
	}
	return pairs
}

// Same reports whether no call differs.
func (p *Pair) Same() bool {
	if len(p.Differences) > 0 {
		return false
	}
	for _, call := range p.Calls {
		if !call.Same() {
			return false
		}
	}
	return true
}

// ShowComparison writes the pairs as one tree: "+" for a call that only b has,
// "-" for one that only a has, "~" for one that differs.
func ShowComparison(o *terminal.Out, p *Pair) { p.show(o, "", "") }

func (p *Pair) show(o *terminal.Out, lead, below string) {
	sign, style := "=", terminal.Plain
	switch {
	case p.A == nil:
		sign, style = "+", terminal.Green
	case p.B == nil:
		sign, style = "-", terminal.Red
	case len(p.Differences) > 0:
		sign, style = "~", terminal.Yellow
	}
	o.Printf("%s%s %s%s\n", o.In(terminal.Dim, lead), o.In(style, sign), o.In(style, terminal.OneLine(p.Function)), o.In(terminal.Dim, p.times()))
	rail := below + "  "
	if len(p.Calls) > 0 {
		rail = below + "│ "
	}
	if p.A != nil && p.B != nil {
		for _, name := range p.Differences {
			a, b := p.values(name)
			o.Printf("%s%s\n", o.In(terminal.Dim, rail), o.In(terminal.Red, fmt.Sprintf("%-8s A  %s", name, fit(o, a, rail))))
			o.Printf("%s%s\n", o.In(terminal.Dim, rail), o.In(terminal.Green, fmt.Sprintf("%-8s B  %s", "", fit(o, b, rail))))
		}
	}
	for i, call := range p.Calls {
		if i == len(p.Calls)-1 {
			call.show(o, below+"└─ ", below+"   ")
		} else {
			call.show(o, below+"├─ ", below+"│  ")
		}
	}
}

func (p *Pair) times() string {
	text := func(s *Side) string {
		if s == nil || s.DurationMS == nil {
			return "—"
		}
		return terminal.Milliseconds(*s.DurationMS)
	}
	times := "  " + text(p.A) + " → " + text(p.B)
	if p.A != nil && p.B != nil && p.A.DurationMS != nil && p.B.DurationMS != nil && *p.A.DurationMS > 0 {
		times += fmt.Sprintf("  ×%.2f", *p.B.DurationMS / *p.A.DurationMS)
	}
	return times
}

func (p *Pair) values(name string) (a, b string) {
	pick := func(s *Side) string {
		switch name {
		case "version":
			return itoa(s.Version)
		case "status":
			return s.Status
		case "input":
			return Line(s.Input)
		case "output":
			return Line(s.Output)
		}
		return terminal.OneLine(s.Error)
	}
	return pick(p.A), pick(p.B)
}

// fit cuts a value to the rest of its line.
func fit(o *terminal.Out, value, rail string) string {
	if o.Width == 0 {
		return value
	}
	return terminal.Cut(value, max(30, o.Width-len([]rune(rail))-13))
}
