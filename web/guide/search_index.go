package guide

import (
	"encoding/json"
	"fmt"
	"strings"

	"maestro/web"
)

const searchIndex = "search.json"

// found is an entry of the index: a section of a page.
type found struct {
	Page    string `json:"page"`
	Title   string `json:"title"`
	Heading string `json:"heading,omitempty"`
	ID      string `json:"id,omitempty"`
	Text    string `json:"text"`
}

// makeIndex makes the index of the search, which the browser reads as a whole.
func (g *guide) makeIndex() web.File {
	var all []found
	for _, file := range g.files {
		p := g.pages[nameOf(file)]
		d := p.document()
		for _, s := range d.sections {
			entry := found{Page: p.name, Title: d.Title, Text: strings.Join(strings.Fields(s.text.String()), " ")}
			if s.heading != d.Title {
				entry.Heading, entry.ID = s.heading, s.id
			}
			all = append(all, entry)
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(fmt.Errorf("make the index of the search: %w", err))
	}
	return web.NewFile(text, "application/json")
}
