package guide

import (
	"html"
	"strings"

	"github.com/alecthomas/chroma/v2"
)

// highlight is code with the kinds of its tokens as classes of spans. Code of another
// language is left as it is.
func highlight(language, code string) string {
	lexer := lexers[language]
	if lexer == nil {
		return html.EscapeString(code)
	}
	tokens, err := chroma.Tokenise(lexer, nil, code)
	if err != nil {
		return html.EscapeString(code)
	}
	var b strings.Builder
	for _, token := range tokens {
		text := html.EscapeString(token.Value)
		class := classes[token.Type]
		if class == "" {
			b.WriteString(text)
			continue
		}
		b.WriteString(`<span class="` + class + `">` + text + `</span>`)
	}
	return b.String()
}

// classes are those of guide.css.
var classes = map[chroma.TokenType]string{
	chroma.Comment: "c", chroma.Keyword: "k", chroma.KeywordConstant: "n", chroma.LiteralNumber: "n", chroma.LiteralString: "s",
	chroma.NameFunction: "f", chroma.NameAttribute: "a", chroma.NameVariable: "v", chroma.NameDecorator: "a",
}
