package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	internalv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/bootstrap/internal_listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	meshconfig "istio.io/api/mesh/v1alpha1"
	_ "istio.io/istio/pkg/config/xds" // all messages of Envoy, to write them
)

// Ports on the workload's address. Where pods have the ports of iptables, the
// capture port takes connections that begin with a line of the PROXY
// protocol, which says where they were meant to go. What is meant for port P
// arrives at P itself, so the application is at P + appShift.
const (
	adminPort   = 15000
	capturePort = 15001
	appShift    = 10000
)

// sidecar makes of one answer of istiod's what an Envoy can run that has
// neither a control plane nor an agent beside it, and was not built by Istio:
// everything is static, keys are files, filters that only Istio's build has
// are gone, ports are real ones, and the access log has always the same form.
type sidecar struct {
	workload *workload
	answer   *answer
	runtime  map[string]any
	ports    []int           // at which others reach the workload
	tcp      map[string]bool // clusters to which a TCP proxy leads
}

func (s *sidecar) bootstrap() (*bootstrapv3.Bootstrap, error) {
	s.ports = []int{}
	if err := s.findTCP(); err != nil {
		return nil, err
	}
	for _, c := range s.answer.clusters {
		if err := s.cluster(c); err != nil {
			return nil, fmt.Errorf("cluster %s: %w", c.Name, err)
		}
	}
	listeners, err := s.listeners()
	if err != nil {
		return nil, err
	}
	flags, err := structpb.NewStruct(s.runtime)
	if err != nil {
		return nil, err
	}
	internal, err := anypb.New(&internalv3.InternalListener{})
	if err != nil {
		return nil, err
	}
	return &bootstrapv3.Bootstrap{
		Node:  s.answer.node,
		Admin: &bootstrapv3.Admin{Address: s.address(adminPort)},
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{
			Clusters: s.answer.clusters, Listeners: listeners,
		},
		// Policies look at where a connection comes from.
		ClusterManager: &bootstrapv3.ClusterManager{UpstreamBindConfig: &corev3.BindConfig{
			SourceAddress: s.address(0).GetSocketAddress(),
		}},
		LayeredRuntime: &bootstrapv3.LayeredRuntime{Layers: []*bootstrapv3.RuntimeLayer{{
			Name:           "istio",
			LayerSpecifier: &bootstrapv3.RuntimeLayer_StaticLayer{StaticLayer: flags},
		}}},
		BootstrapExtensions: []*corev3.TypedExtensionConfig{{
			Name: "envoy.bootstrap.internal_listener", TypedConfig: internal,
		}},
	}, nil
}

// runtimeOf repeats what Istio's agent puts into every bootstrap
// (extractRuntimeFlags in istio.io/istio/pkg/bootstrap) and Envoy 1.40 knows,
// then what the mesh sets on top: an empty value takes a flag away.
func runtimeOf(mesh *meshconfig.MeshConfig) map[string]any {
	flags := map[string]any{
		"re2.max_program_size.error_level":                               32768,
		"envoy.reloadable_features.http_reject_path_with_fragment":       false,
		"envoy.reloadable_features.fixed_heap_use_allocated":             true,
		"envoy.reloadable_features.coalesce_lb_rebuilds_on_batch_update": false,
	}
	for name, value := range mesh.GetDefaultConfig().GetRuntimeValues() {
		switch value {
		case "":
			delete(flags, name)
		case "true", "false":
			flags[name] = value == "true"
		default:
			flags[name] = value
		}
	}
	return flags
}

func (s *sidecar) address(port int) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address:       s.workload.Address,
		PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}
}

// inside lets change work on a packed message, if it is of that type.
func inside[M proto.Message](packed *anypb.Any, message M, change func(M) error) error {
	if packed == nil || !packed.MessageIs(message) {
		return nil
	}
	if err := packed.UnmarshalTo(message); err != nil {
		return err
	}
	if err := change(message); err != nil {
		return err
	}
	return packed.MarshalFrom(message)
}

// usable leaves out filters that are fetched later, or are Istio's own.
func usable[F interface {
	GetTypedConfig() *anypb.Any
	GetConfigDiscovery() *corev3.ExtensionConfigSource
}](filters []F) ([]F, error) {
	var kept []F
	for _, filter := range filters {
		istio, err := foreign(filter.GetTypedConfig())
		if err != nil {
			return nil, err
		}
		if !istio && filter.GetConfigDiscovery() == nil {
			kept = append(kept, filter)
		}
	}
	return kept, nil
}

// foreign says whether it takes Istio's build of Envoy to read a filter.
func foreign(packed *anypb.Any) (bool, error) {
	url := packed.GetTypeUrl()
	if strings.HasSuffix(url, ".TypedStruct") { // there are two such types
		message, err := packed.UnmarshalNew()
		if err != nil {
			return false, err
		}
		wrapped, ok := message.(interface{ GetTypeUrl() string })
		if !ok {
			return false, fmt.Errorf("%s has no type_url", url)
		}
		url = wrapped.GetTypeUrl()
	}
	name := url[strings.LastIndex(url, "/")+1:]
	return !strings.HasPrefix(name, "envoy.") || strings.HasPrefix(name, "envoy.tcp.metadataexchange."), nil
}

// --- keys ---

// keysFromFiles puts files where a sidecar asks its agent for secrets.
func (s *sidecar) keysFromFiles(common *tlsv3.CommonTlsContext) error {
	for _, secret := range common.GetTlsCertificateSdsSecretConfigs() {
		chain, key, found := strings.Cut(strings.TrimPrefix(secret.Name, "file-cert:"), "~")
		if secret.Name == "default" {
			chain, key, found = s.certificate("cert-chain.pem"), s.certificate("key.pem"), true
		}
		if !found {
			return fmt.Errorf("certificate %q: only those in files can be had", secret.Name)
		}
		common.TlsCertificates = append(common.TlsCertificates, &tlsv3.TlsCertificate{
			CertificateChain: dataIn(chain), PrivateKey: dataIn(key),
		})
	}
	common.TlsCertificateSdsSecretConfigs = nil

	var secret *tlsv3.SdsSecretConfig
	trust := &tlsv3.CertificateValidationContext{}
	if combined := common.GetCombinedValidationContext(); combined != nil {
		secret = combined.ValidationContextSdsSecretConfig
		if combined.DefaultValidationContext != nil {
			trust = combined.DefaultValidationContext
		}
	} else if secret = common.GetValidationContextSdsSecretConfig(); secret == nil {
		return nil
	}
	root, found := strings.CutPrefix(secret.GetName(), "file-root:")
	if secret.GetName() == "ROOTCA" {
		root, found = s.certificate("root-cert.pem"), true
	}
	if !found {
		return fmt.Errorf("authority %q: only those in files can be had", secret.GetName())
	}
	trust.TrustedCa = dataIn(root)
	common.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: trust}
	return nil
}

func (s *sidecar) certificate(file string) string {
	return filepath.Join(s.workload.Certificates, file)
}

func dataIn(path string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: path}}
}

// inboundPort is the P of a cluster called inbound|P|...
func inboundPort(c *clusterv3.Cluster) (int, bool) {
	parts := strings.Split(c.Name, "|")
	if parts[0] != "inbound" || len(parts) < 2 {
		return 0, false
	}
	port, err := strconv.Atoi(parts[1])
	return port, err == nil
}
