package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/intstr"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/manifests"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/constants"
	crdcheck "istio.io/istio/pkg/config/crd"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
	"istio.io/istio/pkg/kube"
)

// policies is what a cluster would hold after `kubectl apply` of all files,
// had each document been accepted. One that would not be is an error.
type policies struct {
	istio []config.Config
	kube  []runtime.Object
	mesh  *meshconfig.MeshConfig

	crds *crdcheck.Validator
}

// Equal ages: where Istio prefers the older of two, names decide.
var born = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

var kubeReader = serializer.NewCodecFactory(kube.IstioScheme, serializer.EnableStrict).UniversalDeserializer()

func readPolicies(paths []string) (*policies, error) {
	crds, err := readCRDs()
	if err != nil {
		return nil, err
	}
	p := &policies{crds: crds}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		reader := kubeyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
		for i := 1; ; i++ {
			document, err := reader.Read()
			if err == io.EOF {
				break
			}
			if err == nil {
				err = p.add(document)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: document %d: %w", path, i, err)
			}
		}
	}
	if p.mesh == nil {
		p.mesh = mesh.DefaultMeshConfig()
	}
	p.completeServices()
	return p, nil
}

// readCRDs takes them from where Istio's installer has them; what reads them
// wants a file.
func readCRDs() (*crdcheck.Validator, error) {
	text, err := manifests.FS.ReadFile("charts/base/files/crd-all.gen.yaml")
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "crds-*.yaml")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	if _, err := file.Write(text); err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	return crdcheck.NewValidatorFromFilesWithOptions([]string{file.Name()}, crdcheck.WithoutCRDValidation())
}

// add finds out by its kind what a document is for.
func (p *policies) add(document []byte) error {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	var fields map[string]any
	if err := yaml.Unmarshal(text, &fields); err != nil {
		return err
	}
	if len(fields) == 0 { // comments
		return nil
	}
	object := unstructured.Unstructured{Object: fields}
	switch kind := object.GetKind(); {
	case kind == "" && object.GetAPIVersion() == "":
		return p.setMesh(fields)
	case kind == "IstioOperator":
		settings, _, err := unstructured.NestedMap(fields, "spec", "meshConfig")
		if err != nil {
			return err
		}
		return p.setMesh(settings)
	case kind == "ConfigMap" && object.GetName() == "istio":
		inner, _, err := unstructured.NestedString(fields, "data", "mesh")
		if err != nil {
			return err
		}
		return p.setMeshText(inner)
	case strings.Contains(object.GetAPIVersion(), "istio.io/"):
		return p.addIstio(text)
	default:
		return p.addKube(text)
	}
}

func (p *policies) setMesh(settings map[string]any) error {
	text, err := yaml.Marshal(settings)
	if err != nil {
		return err
	}
	return p.setMeshText(string(text))
}

func (p *policies) setMeshText(text string) (err error) {
	if p.mesh != nil {
		return errors.New("one mesh configuration was wanted, this is a second")
	}
	p.mesh, err = mesh.ApplyMeshConfigDefaults(text)
	return err
}

// addIstio asks those who judge in a cluster: the API server, by the CRDs,
// and istiod's webhook.
func (p *policies) addIstio(text []byte) error {
	var object crd.IstioKind
	if err := yaml.Unmarshal(text, &object); err != nil {
		return err
	}
	if object.Namespace == "" {
		object.Namespace = "default"
	}
	who := fmt.Sprintf("%s %s/%s", object.Kind, object.Namespace, object.Name)
	kind := object.GroupVersionKind()
	schema, known := collections.Pilot.FindByGroupVersionAliasesKind(resource.FromKubernetesGVK(&kind))
	if !known {
		return fmt.Errorf("%s: istiod knows no such kind in %s", who, object.APIVersion)
	}
	var whole unstructured.Unstructured
	if err := whole.UnmarshalJSON(text); err != nil {
		return fmt.Errorf("%s: %w", who, err)
	}
	if err := p.crds.ValidateCustomResource(&whole); err != nil {
		return fmt.Errorf("%s: refused by its CRD: %w", who, err)
	}
	resource, err := crd.ConvertObject(schema, &object, constants.DefaultClusterLocalDomain)
	if err != nil {
		return fmt.Errorf("%s: %w", who, err)
	}
	if _, err := schema.ValidateConfig(*resource); err != nil {
		return fmt.Errorf("%s: refused by istiod: %w", who, err)
	}
	if resource.CreationTimestamp.IsZero() {
		resource.CreationTimestamp = born
	}
	p.istio = slices.DeleteFunc(p.istio, func(old config.Config) bool {
		return old.Key() == resource.Key()
	})
	p.istio = append(p.istio, *resource)
	return nil
}

func (p *policies) addKube(text []byte) error {
	object, kind, err := kubeReader.Decode(text, nil, nil)
	if err != nil {
		return err
	}
	about, err := meta.Accessor(object)
	if err != nil {
		return err
	}
	switch object.(type) {
	case *corev1.Namespace, *corev1.Node:
	case *corev1.Service, *corev1.Pod, *corev1.Secret, *corev1.ServiceAccount, *discoveryv1.EndpointSlice:
		if about.GetNamespace() == "" {
			about.SetNamespace("default")
		}
	default:
		return fmt.Errorf("istiod has no use for %s %s", kind.Kind, about.GetName())
	}
	p.kube = append(p.kube, object)
	return nil
}

// completeServices fills in what an API server would: types, protocols,
// ports, and an address for each, by the order of their names.
func (p *policies) completeServices() {
	var services []*corev1.Service
	for _, object := range p.kube {
		if service, ok := object.(*corev1.Service); ok {
			services = append(services, service)
		}
	}
	slices.SortFunc(services, func(a, b *corev1.Service) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	for i, service := range services {
		spec := &service.Spec
		if spec.Type == "" {
			spec.Type = corev1.ServiceTypeClusterIP
		}
		for k := range spec.Ports {
			port := &spec.Ports[k]
			if port.Protocol == "" {
				port.Protocol = corev1.ProtocolTCP
			}
			if port.TargetPort == (intstr.IntOrString{}) {
				port.TargetPort = intstr.FromInt32(port.Port)
			}
		}
		if spec.ClusterIP == "" && spec.Type != corev1.ServiceTypeExternalName {
			spec.ClusterIP = fmt.Sprintf("10.96.%d.%d", (i+1)/250, (i+1)%250)
			spec.ClusterIPs = []string{spec.ClusterIP}
		}
	}
}
