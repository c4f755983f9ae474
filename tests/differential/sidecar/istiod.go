package main

import (
	"fmt"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pilot/pkg/xds"
	v3 "istio.io/istio/pilot/pkg/xds/v3"
	fakexds "istio.io/istio/pilot/test/xds"
	"istio.io/istio/pilot/test/xdstest"
	"istio.io/istio/pkg/cluster"
	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/model"
	"istio.io/istio/pkg/test"
)

const (
	// The release that the code of istiod in go.mod is on the way to.
	istioVersion = "1.32.0"
	answerWithin = 20 * time.Second
	quietFor     = 300 * time.Millisecond
	settleWithin = 10 * time.Second
)

// answer is all that istiod sends to one sidecar.
type answer struct {
	node      *corev3.Node
	clusters  []*clusterv3.Cluster
	endpoints map[string]*endpointv3.ClusterLoadAssignment
	listeners []*listenerv3.Listener
	routes    map[string]*routev3.RouteConfiguration
}

// ask starts istiod's discovery server in this process, with a Kubernetes API
// that is a fake, as Istio's own tests do.
func ask(p *policies, workloads []*workload) ([]*answer, error) {
	var answers []*answer
	err := test.Wrap(func(t test.Failer) {
		server := fakexds.NewFakeDiscoveryServer(t, fakexds.FakeOptions{
			Configs: p.istio, KubernetesObjects: p.kube, MeshConfig: p.mesh,
		})
		settle(t, server.Discovery)
		for _, w := range workloads {
			answers = append(answers, askFor(t, server, nodeOf(w, p.mesh)))
		}
	})
	return answers, err
}

// settle waits until istiod has nothing left to digest: that Services select
// WorkloadEntries is found out after the server has said it is ready.
func settle(t test.Failer, s *xds.DiscoveryServer) {
	seen, since, end := int64(-1), time.Now(), time.Now().Add(settleWithin)
	for time.Since(since) < quietFor {
		if time.Now().After(end) {
			t.Fatalf("istiod was still at work after %v", settleWithin)
		}
		if updates := s.InboundUpdates.Load(); updates != seen || s.CommittedUpdates.Load() < updates {
			seen, since = updates, time.Now()
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// nodeOf is how the agent in a workload's pod would introduce it.
func nodeOf(w *workload, mesh *meshconfig.MeshConfig) *corev3.Node {
	metadata := model.NodeMetadata{
		IstioVersion: istioVersion, Namespace: w.Namespace, WorkloadName: w.Name,
		ServiceAccount: w.ServiceAccount, Labels: w.Labels, InstanceIPs: []string{w.Address},
		ClusterID: cluster.ID(constants.DefaultClusterName), MeshID: mesh.TrustDomain,
		InterceptionMode: "REDIRECT", ProxyConfig: (*model.NodeMetaProxyConfig)(mesh.DefaultConfig),
	}
	node := &corev3.Node{
		Id:       fmt.Sprintf("sidecar~%s~%s.%s~%s.svc.cluster.local", w.Address, w.Name, w.Namespace, w.Namespace),
		Cluster:  w.Name + "." + w.Namespace,
		Metadata: metadata.ToStruct(),
	}
	if w.Locality != "" {
		parts := append(strings.SplitN(w.Locality, "/", 3), "", "")
		node.Locality = &corev3.Locality{Region: parts[0], Zone: parts[1], SubZone: parts[2]}
	}
	return node
}

// askFor asks in the order in which an Envoy does, over one stream.
func askFor(t test.Failer, server *fakexds.FakeDiscoveryServer, node *corev3.Node) *answer {
	stream := server.ConnectADS().WithTimeout(answerWithin)
	defer stream.Cleanup()
	a := &answer{
		node:      node,
		endpoints: map[string]*endpointv3.ClusterLoadAssignment{},
		routes:    map[string]*routev3.RouteConfiguration{},
	}
	a.clusters = fetch[clusterv3.Cluster](t, stream, node, v3.ClusterType, nil)
	if names := xdstest.ExtractEdsClusterNames(a.clusters); len(names) > 0 {
		for _, e := range fetch[endpointv3.ClusterLoadAssignment](t, stream, node, v3.EndpointType, names) {
			a.endpoints[e.ClusterName] = e
		}
	}
	a.listeners = fetch[listenerv3.Listener](t, stream, node, v3.ListenerType, nil)
	if names := core.ExtractRoutesFromListeners(a.listeners); len(names) > 0 {
		for _, r := range fetch[routev3.RouteConfiguration](t, stream, node, v3.RouteType, names) {
			a.routes[r.Name] = r
		}
	}
	return a
}

// fetch asks for resources of one type, all of them where names is nil.
func fetch[R any, M interface {
	*R
	proto.Message
}](t test.Failer, stream *xds.AdsTest, node *corev3.Node, url string, names []string) []M {
	response := stream.RequestResponseAck(t, &discovery.DiscoveryRequest{
		Node: node, TypeUrl: url, ResourceNames: names,
	})
	if response.TypeUrl != url {
		t.Fatalf("%s was asked for, istiod answered with %s", url, response.TypeUrl)
	}
	var found []M
	for _, packed := range response.Resources {
		message := M(new(R))
		if err := packed.UnmarshalTo(message); err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		found = append(found, message)
	}
	return found
}
