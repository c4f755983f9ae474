// sidecar says what istiod would tell the Envoys of some workloads.
//
// It gives policy files to istiod's own code, asks it over ADS once for each
// workload, and writes each answer as a bootstrap that an unmodified Envoy
// runs by itself on loopback addresses (bootstrap.go says what that changes).
// manifest.json beside them says which file is whose, and at which ports
// others reach it.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pkg/log"
)

// workload is one instance that has a sidecar, and where the files of that
// are: certificates to read, and the access log to write.
type workload struct {
	Name           string            `json:"name"`
	Namespace      string            `json:"namespace"`
	Address        string            `json:"address"`
	ServiceAccount string            `json:"serviceAccount"`
	Labels         map[string]string `json:"labels"`
	Locality       string            `json:"locality"` // region/zone/subzone
	Certificates   string            `json:"certificates"`
	AccessLog      string            `json:"accessLog"`
}

// entry is a workload's line in the manifest.
type entry struct {
	Workload string `json:"workload"`
	File     string `json:"file"`
	Ports    []int  `json:"ports"`
}

func readWorkloads(path string) ([]*workload, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var found []*workload
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&found); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return found, nil
}

// writeMessage writes JSON that is the same each time: protojson varies its
// blanks on purpose.
func writeMessage(path string, message proto.Message) error {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		return err
	}
	var compact, indented bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return err
	}
	if err := json.Indent(&indented, compact.Bytes(), "", " "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	return os.WriteFile(path, indented.Bytes(), 0o644)
}

func run(workloadFile, out string, policyFiles []string) error {
	workloads, err := readWorkloads(workloadFile)
	if err != nil {
		return err
	}
	policies, err := readPolicies(policyFiles)
	if err != nil {
		return err
	}
	answers, err := ask(policies, workloads)
	if err != nil {
		return err
	}
	manifest := []entry{}
	for i, w := range workloads {
		who := w.Namespace + "/" + w.Name
		s := &sidecar{workload: w, answer: answers[i], runtime: runtimeOf(policies.mesh)}
		boot, err := s.bootstrap()
		if err != nil {
			return fmt.Errorf("%s: %w", who, err)
		}
		file := w.Namespace + "_" + w.Name + ".json"
		if err := writeMessage(filepath.Join(out, file), boot); err != nil {
			return fmt.Errorf("%s: %w", who, err)
		}
		manifest = append(manifest, entry{who, file, s.ports})
	}
	text, err := json.MarshalIndent(manifest, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "manifest.json"), append(text, '\n'), 0o644)
}

func main() {
	workloads := flag.String("workloads", "", "JSON file with a list of the workloads")
	out := flag.String("out", "", "directory that gets NAMESPACE_NAME.json of each, and manifest.json")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: sidecar -workloads FILE -out DIR POLICY-FILE...")
		flag.PrintDefaults()
	}
	flag.Parse()
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	err := errors.New("-workloads, -out and policy files are needed; see -help")
	if *workloads != "" && *out != "" && flag.NArg() > 0 {
		err = run(*workloads, *out, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sidecar:", err)
		os.Exit(1)
	}
}
