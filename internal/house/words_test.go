package house

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vagueWords are pronouns that stand for things that have a name, each with
// the occurrences that are allowed per 10,000 lines of comments and texts.
//
// The limits are the highest figure among five codebases that are pleasant to
// read, counted by textOf at their state of November 2026 (lines of comments
// and texts; translations left out): jackc/pgx (11,811), php/frankenphp
// (9,600), pocketbase/pocketbase (22,403), pressly/goose (4,241) and
// riverqueue/river (12,233). They have nobody 0, 1.0, 1.8, 0 and 0 times per
// 10,000 lines, "what is" 0.8, 2.1, 0.9, 0 and 0 times, whatever 5.1, 1.0,
// 1.8, 2.4 and 1.6 times. Where the figure rests on one or two places it is
// held lower: those were a user named nobody, and a question in a heading.
// 0.2 stands for words that none of the five uses: this repository is too
// small for it to allow one.
var vagueWords = []struct {
	word  string
	limit float64
}{
	{"nobody", 1},
	{"somebody", 0.8},
	{"someone", 2.2},
	{"anybody", 0.2},
	{"anyone", 0.8},
	{"everybody", 0.2},
	{"everyone", 0.9},
	{"whoever", 0.2},
	{"whatever", 2.4},
	{"whichever", 0.8},
	{"wherever", 0.2},
	{"what is", 0.7},
	{"what was", 0.9},
	{"what has", 0.2},
	{"those who", 0.2},
	{"who is", 0.2},
	{"who has", 0.2},
	{"one's own", 0.2},
}

// quotation is the secret of GitHub's published example of a signature.
const quotation = "It's a Secret to Everybody"

func TestTextsNameThingsByTheirNouns(t *testing.T) {
	t.Parallel()
	patterns := make([]*regexp.Regexp, len(vagueWords))
	for i, vague := range vagueWords {
		// Two words may be on two lines, with the comment's mark between them.
		patterns[i] = regexp.MustCompile(`(?i)\b` + strings.ReplaceAll(vague.word, " ", `[\s/#*-]+`) + `\b`)
	}
	lines, found := 0, make([][]string, len(vagueWords))
	for _, name := range textFiles(t) {
		text := strings.ReplaceAll(textOf(name, read(t, name)), quotation, "")
		lines += textLines(text)
		for i, pattern := range patterns {
			for _, at := range pattern.FindAllStringIndex(text, -1) {
				found[i] = append(found[i], place(name, text, at[0]))
			}
		}
	}
	for i, vague := range vagueWords {
		if float64(len(found[i]))*10_000 > vague.limit*float64(lines) {
			t.Errorf("%q stands %d times in %d lines, over %.1f per 10,000; write the noun that it stands for:\n%s",
				vague.word, len(found[i]), lines, vague.limit, strings.Join(found[i], "\n"))
		}
	}
}

// A test's name is read as often as a comment: none of the words stands in one.
func TestTestsAreNamedByNouns(t *testing.T) {
	t.Parallel()
	var names []string
	for _, vague := range vagueWords {
		var name strings.Builder
		for word := range strings.FieldsSeq(vague.word) {
			name.WriteString(strings.ToUpper(word[:1]) + strings.ReplaceAll(word[1:], "'", ""))
		}
		names = append(names, name.String())
	}
	pattern := regexp.MustCompile(`(?m)^func (?:Test|Fuzz|Benchmark)\w*?(?:` + strings.Join(names, "|") + `)(?:[A-Z]\w*)?\(`)
	require.True(t, pattern.MatchString("func TestNewReportsWhatIsWrong(t *testing.T) {"))
	require.False(t, pattern.MatchString("func TestWhatIssuersSay(t *testing.T) {"))
	for _, name := range trackedFiles(t, "_test.go") {
		for _, found := range pattern.FindAllString(read(t, name), -1) {
			t.Errorf("%s: %s: write the noun that the word stands for", name, found)
		}
	}
}

// textFiles leaves out generated files, other makers' files, and the list above.
func textFiles(t *testing.T) []string {
	t.Helper()
	files := trackedFiles(t, ".go", ".c", ".h", ".py", ".sql", ".md", ".ts", ".svelte", ".mjs", "Makefile", "Dockerfile", ".env.example", "scripts/setup", "scripts/run", "scripts/lint")
	files = slices.DeleteFunc(files, func(name string) bool {
		return isThirdParty(name) || strings.Contains(name, "testdata/suite/") || name == "internal/house/words_test.go" || generated(read(t, name))
	})
	require.NotEmpty(t, files)
	return files
}
