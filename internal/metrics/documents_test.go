package metrics

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the table of metrics in docs/operations.md")

const operations = "../../docs/operations.md"

// TestTableOfMetrics compares the table in docs/operations.md with the
// definitions.
func TestTableOfMetrics(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- metrics begin -->\n", "<!-- metrics end -->"
	var table strings.Builder
	table.WriteString("| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n")
	for _, d := range complete(t).Definitions() {
		labels := ""
		if len(d.Labels) > 0 {
			labels = "`" + strings.Join(d.Labels, "`, `") + "`"
		}
		help := d.Help
		if d.When != "" {
			help += " Only " + d.When + "."
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", d.Name, d.Kind, labels, help)
	}
	document, err := os.ReadFile(operations)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(document), begin)
	require.True(t, found)
	written, after, found := strings.Cut(rest, end)
	require.True(t, found)
	if *update {
		require.NoError(t, os.WriteFile(operations, []byte(before+begin+table.String()+end+after), 0o644))
		return
	}
	require.Equal(t, table.String(), written, "go test ./internal/metrics -run TestTableOfMetrics -update writes it")
}

type rule struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

func readRules(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile("../../docs/monitoring/alerts.yaml")
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&file))
	var rules []rule
	for _, group := range file.Groups {
		rules = append(rules, group.Rules...)
	}
	require.NotEmpty(t, rules)
	return rules
}

// TestAlertsAreExplained compares the rules with the table of alerts in
// docs/operations.md.
func TestAlertsAreExplained(t *testing.T) {
	t.Parallel()
	var names []string
	for _, r := range readRules(t) {
		names = append(names, r.Alert)
		require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
	}
	document, err := os.ReadFile(operations)
	require.NoError(t, err)
	var explained []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(Maestro[A-Za-z]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(string(document), -1) {
		explained = append(explained, row[1])
	}
	require.Equal(t, names, explained)
}

// TestQueriesNameMetricsThatAreServed reads the alert rules and the dashboard.
func TestQueriesNameMetricsThatAreServed(t *testing.T) {
	t.Parallel()
	m := complete(t)
	labels := map[string][]string{"up": nil} // by the name of a series; up is Prometheus' own
	for _, d := range m.Definitions() {
		labels[d.Name] = d.Labels
	}
	for name, family := range scrape(t, m) {
		if _, ours := labels[name]; !ours {
			labels[name] = nil
		}
		if family.Metric[0].Histogram != nil {
			labels[name+"_bucket"], labels[name+"_sum"], labels[name+"_count"] = append([]string{"le"}, labels[name]...), labels[name], labels[name]
		}
	}
	used := map[string]bool{}
	for place, query := range queries(t) {
		for name, matched := range selectors(t, place, query) {
			require.Contains(t, labels, name, "%s names a metric that is not served: %s", place, query)
			for _, label := range matched {
				require.Contains(t, append([]string{"job", "instance"}, labels[name]...), label, "%s: %s has no such label: %s", place, name, query)
			}
			used[name] = true
		}
	}
	require.Greater(t, len(used), 40, "the pattern finds the names")
}

// queries are the expressions of both files, by their places.
func queries(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range readRules(t) {
		all["alert "+r.Alert] = r.Expr
	}
	text, err := os.ReadFile("../../docs/monitoring/dashboard.json")
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ RefID, Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all[fmt.Sprintf("panel %d %q %s", panel.ID, panel.Title, target.RefID)] = target.Expr
		}
	}
	require.Greater(t, len(all), 60)
	return all
}

var (
	selector  = regexp.MustCompile(`\b([a-z][a-z0-9_]*[a-z0-9])\b(\{[^}]*(?:\{path\}[^}]*)?\})?`)
	matcher   = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"[^"]*"`)
	grouping  = regexp.MustCompile(`\b(?:by|without) \([^)]*\)`)
	functions = regexp.MustCompile(`^(sum|max|min|rate|increase|changes|histogram_quantile|topk|and|or|unless)$`)
)

// selectors are the metrics that a query names, with the labels that it matches.
func selectors(t *testing.T, place, query string) map[string][]string {
	t.Helper()
	require.Equal(t, strings.Count(query, "("), strings.Count(query, ")"), "%s: %s", place, query)
	found := map[string][]string{}
	bare := regexp.MustCompile(`\[[^\]]*\]`).ReplaceAllString(grouping.ReplaceAllString(query, ""), "")
	for _, match := range selector.FindAllStringSubmatch(bare, -1) {
		if functions.MatchString(match[1]) {
			continue
		}
		for _, label := range matcher.FindAllStringSubmatch(match[2], -1) {
			found[match[1]] = append(found[match[1]], label[1])
		}
		if found[match[1]] == nil {
			found[match[1]] = []string{}
		}
	}
	require.NotEmpty(t, found, "%s: %s", place, query)
	return found
}
