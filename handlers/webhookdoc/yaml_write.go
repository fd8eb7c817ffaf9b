package webhookdoc

import (
	"bytes"
	"encoding/json"
	"slices"

	"go.yaml.in/yaml/v3"
)

// YAML writes the document as YAML. Numbers keep their digits.
func (d Document) YAML() ([]byte, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(yamlNode(value)); err != nil {
		return nil, err
	}
	err = encoder.Close()
	return out.Bytes(), err
}

func yamlNode(value any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode}
	switch value := value.(type) {
	case map[string]any:
		node.Kind = yaml.MappingNode
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			node.Content = append(node.Content, yamlNode(name), yamlNode(value[name]))
		}
	case []any:
		node.Kind = yaml.SequenceNode
		for _, item := range value {
			node.Content = append(node.Content, yamlNode(item))
		}
	case json.Number:
		node.Value = value.String() // plain: what reads it sees a number
	case nil:
		node.Tag, node.Value = "!!null", "null"
	default: // text or a truth value
		if err := node.Encode(value); err != nil {
			panic(err) // it encodes both
		}
	}
	return node
}
