// analyze says what Istio's own analyzers find in directories of files.
//
// Each argument is a case: a file, or a directory of them. One line is written
// for each finding: case, who, code, level, resource, line and text, between
// tabs.
//
// "files" is what `istioctl analyze --use-kube=false --all-namespaces` tells:
// it leaves out every analyzer that looks at Services, Pods, Namespaces, Nodes
// or Secrets. "kinds" is what the rest of them say when those too are read
// from the files, as far as the files hold some of what the analyzer looks
// for: where there is not one Service, they are written elsewhere. A
// WorkloadEntry stands for a Pod in the mesh as well, since it is what a
// program with the library has in place of one.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"sigs.k8s.io/yaml"

	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/config/resource"
	"istio.io/istio/pkg/log"
)

type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace,omitempty"`
		Labels    map[string]string `json:"labels,omitempty"`
	} `json:"metadata"`
	Spec struct {
		Labels map[string]string `json:"labels"`
	} `json:"spec"`
}

const separator = "\n---\n"

// pods gives the WorkloadEntries of a text as Pods.
func pods(text []byte) []byte {
	var out bytes.Buffer
	for _, document := range bytes.Split(append([]byte("\n"), text...), []byte(separator)) {
		var o object
		if yaml.Unmarshal(document, &o) != nil || o.Kind != "WorkloadEntry" {
			continue
		}
		labels := map[string]string{}
		for k, v := range o.Spec.Labels {
			labels[k] = v
		}
		for k, v := range o.Metadata.Labels {
			labels[k] = v
		}
		pod, _ := yaml.Marshal(map[string]any{
			"apiVersion": "v1",
			"kind":       "Pod",
			"metadata": map[string]any{"name": "entry-" + o.Metadata.Name,
				"namespace": o.Metadata.Namespace, "labels": labels},
			"spec": map[string]any{"containers": []any{
				map[string]any{"name": "istio-proxy", "image": "proxy"}}},
		})
		out.WriteString(separator)
		out.Write(pod)
	}
	return out.Bytes()
}

// seen says which kinds that others refer to are in a text.
type seen struct{ services, workloads, namespaces bool }

func (s *seen) look(text []byte) {
	for _, document := range bytes.Split(append([]byte("\n"), text...), []byte(separator)) {
		var o object
		if yaml.Unmarshal(document, &o) != nil {
			continue
		}
		switch o.Kind {
		case "Service", "ServiceEntry":
			s.services = true
		case "Pod", "WorkloadEntry":
			s.workloads = true
		case "Namespace":
			s.namespaces = true
		}
	}
}

// counts says whether the files hold what a finding looked for in vain.
func (s *seen) counts(m *diag.Message) bool {
	switch m.Type.Code() {
	case "IST0101":
		switch m.Parameters[0] {
		case "host", "mirror host", "host:port":
			return s.services
		case "selector":
			return s.workloads
		case "namespace":
			return s.namespaces
		case "credentialName":
			return false
		}
	case "IST0110", "IST0127", "IST0145", "IST0149", "IST0159", "IST0166":
		return s.workloads
	case "IST0111", "IST0167":
		return s.workloads || s.namespaces
	case "IST0112", "IST0174":
		return s.services
	case "IST0173":
		return s.services && s.workloads
	}
	return true
}

func files(path string) []string {
	var found []string
	_ = filepath.Walk(path, func(name string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			found = append(found, name)
		}
		return nil
	})
	sort.Strings(found)
	return found
}

func analyze(path string, kinds bool) ([]string, error) {
	sa := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", resource.Namespace("istio-system"), nil)
	var readers []local.ReaderSource
	var there seen
	for _, name := range files(path) {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		there.look(text)
		readers = append(readers, local.ReaderSource{Name: name, Reader: bytes.NewReader(text)})
		if more := pods(text); kinds && len(more) > 0 {
			readers = append(readers, local.ReaderSource{Name: "entries of " + name, Reader: bytes.NewReader(more)})
		}
	}
	add := sa.AddReaderKubeSource
	if kinds {
		add = sa.AddTestReaderKubeSource
	}
	if err := add(readers); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
	}
	cancel := make(chan struct{})
	defer close(cancel)
	result, err := sa.Analyze(cancel)
	if err != nil {
		return nil, err
	}
	who := "files"
	if kinds {
		who = "kinds"
	}
	var lines []string
	for i := range result.Messages {
		m := &result.Messages[i]
		if kinds && !there.counts(m) {
			continue
		}
		of := "-"
		if m.Resource != nil {
			of = m.Resource.Origin.FriendlyName()
		}
		text := fmt.Sprintf(m.Type.Template(), m.Parameters...)
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%d\t%.200q",
			path, who, m.Type.Code(), m.Type.Level(), of, m.Line, text))
	}
	sort.Strings(lines)
	return lines, nil
}

func main() {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	for _, path := range os.Args[1:] {
		for _, kinds := range []bool{false, true} {
			lines, err := analyze(path, kinds)
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
				os.Exit(1)
			}
			for _, line := range lines {
				fmt.Println(line)
			}
		}
	}
}
