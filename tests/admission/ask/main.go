// ask says what Istio makes of YAML documents: the schema and the rules of the
// CRDs as an API server applies them, then the admission webhook of istiod.
//
// Standard input has the documents, each ended by a NUL byte; standard output
// one line for each: "valid" or "invalid", a tab, who says so, a tab, and why.
// A check of Istio's that panics counts as a refusal.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config/constants"
	crdcheck "istio.io/istio/pkg/config/crd"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
	"istio.io/istio/pkg/log"
)

// refusal is an error and the one who raised it.
type refusal struct {
	who string
	why error
}

type court struct {
	crds *crdcheck.Validator
}

// read turns YAML into an object as kubectl does, duplicate keys refused.
func read(document []byte) (*unstructured.Unstructured, *refusal) {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, &refusal{"yaml", err}
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(text); err != nil {
		return nil, &refusal{"yaml", err}
	}
	if object.GetNamespace() == "" {
		object.SetNamespace("default")
	}
	return object, nil
}

// webhook repeats what istiod does with the object of an admission request.
func webhook(object *unstructured.Unstructured) error {
	raw, err := object.MarshalJSON()
	if err != nil {
		return err
	}
	var kind crd.IstioKind
	if err := yaml.Unmarshal(raw, &kind); err != nil { // as Istio reads files
		return err
	}
	gvk := kind.GroupVersionKind()
	schema, known := collections.Pilot.FindByGroupKind(resource.FromKubernetesGVK(&gvk))
	if !known {
		return fmt.Errorf("no schema for %v", gvk)
	}
	config, err := crd.ConvertObject(schema, &kind, constants.DefaultClusterLocalDomain)
	if err != nil {
		return err
	}
	_, err = schema.ValidateConfig(*config)
	return err
}

func (c *court) judge(document []byte) (r *refusal) {
	defer func() {
		if e := recover(); e != nil {
			r = &refusal{"panic", fmt.Errorf("%v", e)}
		}
	}()
	object, r := read(document)
	if r != nil {
		return r
	}
	if err := c.crds.ValidateCustomResource(object.DeepCopy()); err != nil {
		return &refusal{"crd", err}
	}
	if err := webhook(object); err != nil {
		return &refusal{"webhook", err}
	}
	return nil
}

// line is one line of output, whatever the message holds.
func line(r *refusal) string {
	if r == nil {
		return "valid\t-\t-\n"
	}
	why := strings.Join(strings.Fields(r.why.Error()), " ")
	if len(why) > 300 {
		why = strings.ToValidUTF8(why[:300], "")
	}
	return "invalid\t" + r.who + "\t" + why + "\n"
}

func run(crds []string) error {
	validator, err := crdcheck.NewValidatorFromFilesWithOptions(crds, crdcheck.WithoutCRDValidation())
	if err != nil {
		return err
	}
	c := &court{validator}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		document, err := in.ReadBytes(0)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := out.WriteString(line(c.judge(document[:len(document)-1]))); err != nil {
			return err
		}
	}
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: ask CRD-FILE... <DOCUMENTS")
		os.Exit(2)
	}
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ask:", err)
		os.Exit(1)
	}
}
