package guide

import "github.com/alecthomas/chroma/v2"

const (
	textInQuotes = `"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`
	longText     = `(?s:"""(?:\\.|[^\\])*?"""|'''(?:\\.|[^\\])*?''')`
	number       = `\b\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?\b`
	constant     = `\b(?:true|false|null)\b`
)

// lexers are the languages of the documents. Their rules are compiled at first use.
var lexers = map[string]chroma.Lexer{
	"python": lexer("python", chroma.Rules{"root": {
		{Pattern: `#[^\n]*`, Type: chroma.Comment},
		{Pattern: `[rbfRBF]{0,2}(?:` + longText + `)`, Type: chroma.LiteralString},
		{Pattern: `[rbfRBF]{0,2}(?:` + textInQuotes + `)`, Type: chroma.LiteralString},
		{Pattern: `@[\w.]+`, Type: chroma.NameDecorator},
		{Pattern: `\b(def|class)(\s+)(\w+)`, Type: chroma.ByGroups(chroma.Keyword, chroma.Text, chroma.NameFunction)},
		{Pattern: chroma.Words(`\b`, `\b`, "and", "as", "assert", "async", "await", "break", "case", "continue", "def", "del", "elif", "else", "except",
			"finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "match", "nonlocal", "not", "or", "pass", "raise", "return",
			"try", "while", "with", "yield"), Type: chroma.Keyword},
		{Pattern: `\b(?:None|True|False)\b`, Type: chroma.KeywordConstant},
		{Pattern: number, Type: chroma.LiteralNumber},
		{Pattern: `\w+|\s+|.`, Type: chroma.Text},
	}}),
	"sh": lexer("sh", chroma.Rules{"root": {
		{Pattern: `(?<!\S)#[^\n]*`, Type: chroma.Comment},
		{Pattern: `"(?:\\[\s\S]|[^"\\])*"|'[^']*'`, Type: chroma.LiteralString},
		{Pattern: `\$\w+|\$\{[^}]*\}`, Type: chroma.NameVariable},
		{Pattern: `(?<=\s)--?[A-Za-z][\w-]*`, Type: chroma.NameAttribute},
		{Pattern: `\b(?:for|in|do|done|if|then|else|fi|while|export|cat|cd|mkdir|printf|echo|maestro|curl|make|docker)\b(?![\w./:-])`, Type: chroma.NameFunction},
		{Pattern: `[\w./:@-]+|\s+|.`, Type: chroma.Text},
	}}),
	"json": lexer("json", chroma.Rules{"root": {
		{Pattern: `"(?:\\.|[^"\\\n])*"(?=\s*:)`, Type: chroma.NameAttribute},
		{Pattern: `"(?:\\.|[^"\\\n])*"`, Type: chroma.LiteralString},
		{Pattern: constant, Type: chroma.KeywordConstant},
		{Pattern: `-?` + number, Type: chroma.LiteralNumber},
		{Pattern: `\w+|\s+|.`, Type: chroma.Text},
	}}),
	"toml": lexer("toml", chroma.Rules{"root": {
		{Pattern: `#[^\n]*`, Type: chroma.Comment},
		{Pattern: longText, Type: chroma.LiteralString},
		{Pattern: textInQuotes, Type: chroma.LiteralString},
		{Pattern: `(?m)^\[\[?[^\]\n]*\]\]?`, Type: chroma.Keyword},
		{Pattern: `[\w-]+(?=\s*=)`, Type: chroma.NameAttribute},
		{Pattern: constant, Type: chroma.KeywordConstant},
		{Pattern: number, Type: chroma.LiteralNumber},
		{Pattern: `\w+|\s+|.`, Type: chroma.Text},
	}}),
	"yaml": lexer("yaml", chroma.Rules{"root": {
		{Pattern: `(?<!\S)#[^\n]*`, Type: chroma.Comment},
		{Pattern: textInQuotes, Type: chroma.LiteralString},
		{Pattern: `[\w.-]+(?=:(?:\s|$))`, Type: chroma.NameAttribute},
		{Pattern: constant, Type: chroma.KeywordConstant},
		{Pattern: `[\w./:-]+|\s+|.`, Type: chroma.Text},
	}}),
}

func init() { lexers["bash"] = lexers["sh"] }

func lexer(name string, rules chroma.Rules) chroma.Lexer {
	return chroma.MustNewLexer(&chroma.Config{Name: name, EnsureNL: true}, func() chroma.Rules { return rules })
}
