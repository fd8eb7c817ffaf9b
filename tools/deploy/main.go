// Command deploy checks files of the folder deploy with the libraries of the programs that
// read them: compose files with Docker Compose's own loader, and Kubernetes' manifests
// with the types of its API, where an unknown field is an error.
//
// It must not become a part of Maestro's module, which would then depend on these libraries.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	if err := errors.Join(checkCompose(os.Args[1]), checkKubernetes(os.Args[1])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func checkCompose(folder string) error {
	options, err := cli.NewProjectOptions([]string{filepath.Join(folder, "compose", "compose.yaml")},
		cli.WithEnv([]string{"POSTGRES_PASSWORD=a", "SECRET_KEY=b", "CENSUS_JWT_SECRET=c"}))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return fmt.Errorf("compose.yaml: %w", err)
	}
	for _, service := range project.Services {
		fmt.Printf("compose.yaml: service %s, image %s\n", service.Name, service.Image)
	}
	return nil
}

func checkKubernetes(folder string) error {
	names, err := filepath.Glob(filepath.Join(folder, "kubernetes", "*.yaml"))
	if err != nil {
		return err
	}
	serializer := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true})
	var faults []error
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text))); ; {
			document, err := documents.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			_, kind, err := serializer.Decode(bytes.TrimSpace(document), nil, nil)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", name, err))
				continue
			}
			fmt.Printf("%s: %s\n", filepath.Base(name), kind)
		}
	}
	return errors.Join(faults...)
}
