package main

import (
	"cmp"
	"fmt"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

const httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

// The protocols that Istio's filter istio.alpn offers for a request, by the
// version of HTTP in which it goes on.
var (
	alpnHTTP1 = []string{"istio-http/1.1", "istio", "http/1.1"}
	alpnHTTP2 = []string{"istio-h2", "istio", "h2"}
)

func (s *sidecar) cluster(c *clusterv3.Cluster) (err error) {
	if c.Filters, err = usable(c.Filters); err != nil {
		return err
	}
	if err := s.eachTLS(c, func(tls *tlsv3.UpstreamTlsContext) error {
		return s.keysFromFiles(tls.CommonTlsContext)
	}); err != nil {
		return err
	}
	if port, ok := inboundPort(c); ok {
		return s.toApplication(c, port)
	}
	if c.GetType() == clusterv3.Cluster_EDS {
		s.pin(c)
	}
	return s.offer(c)
}

// eachTLS lets change work on every TLS context of a cluster.
func (s *sidecar) eachTLS(c *clusterv3.Cluster, change func(*tlsv3.UpstreamTlsContext) error) error {
	sockets := []*corev3.TransportSocket{c.TransportSocket}
	for _, match := range c.TransportSocketMatches {
		sockets = append(sockets, match.TransportSocket)
	}
	for _, socket := range sockets {
		if err := inside(socket.GetTypedConfig(), &tlsv3.UpstreamTlsContext{}, change); err != nil {
			return err
		}
	}
	return nil
}

// pin makes the endpoints of this moment those of all time, in an order that
// is the same each time: istiod's is that of a map.
func (s *sidecar) pin(c *clusterv3.Cluster) {
	name := c.GetEdsClusterConfig().GetServiceName()
	if name == "" {
		name = c.Name
	}
	c.LoadAssignment = s.answer.endpoints[name]
	if c.LoadAssignment == nil {
		c.LoadAssignment = &endpointv3.ClusterLoadAssignment{ClusterName: name}
	}
	slices.SortFunc(c.LoadAssignment.Endpoints, func(a, b *endpointv3.LocalityLbEndpoints) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(placeOf(a), placeOf(b)))
	})
	for _, place := range c.LoadAssignment.Endpoints {
		slices.SortFunc(place.LbEndpoints, func(a, b *endpointv3.LbEndpoint) int {
			return cmp.Compare(whereOf(a), whereOf(b))
		})
	}
	c.EdsClusterConfig = nil
	c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
}

func placeOf(e *endpointv3.LocalityLbEndpoints) string {
	l := e.GetLocality()
	return l.GetRegion() + "/" + l.GetZone() + "/" + l.GetSubZone()
}

func whereOf(e *endpointv3.LbEndpoint) string {
	socket := e.GetEndpoint().GetAddress().GetSocketAddress()
	return fmt.Sprintf("%s:%d", socket.GetAddress(), socket.GetPortValue())
}

// toApplication sends what came in to where the application listens. In a pod
// that is the address that was dialled, which here is Envoy's own.
func (s *sidecar) toApplication(c *clusterv3.Cluster, port int) error {
	if c.GetType() != clusterv3.Cluster_ORIGINAL_DST {
		return fmt.Errorf("wanted one of type ORIGINAL_DST, found %v: a Sidecar's ingress that "+
			"sets defaultEndpoint has no place here", c.GetType())
	}
	s.ports = append(s.ports, port)
	c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
	c.LbPolicy = clusterv3.Cluster_ROUND_ROBIN
	c.CleanupInterval = nil
	application := &endpointv3.LbEndpoint{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
		Endpoint: &endpointv3.Endpoint{Address: s.address(port + appShift)},
	}}
	c.LoadAssignment = &endpointv3.ClusterLoadAssignment{
		ClusterName: c.Name,
		Endpoints:   []*endpointv3.LocalityLbEndpoints{{LbEndpoints: []*endpointv3.LbEndpoint{application}}},
	}
	return nil
}

// offer does for a cluster what istio.alpn does for each request: within the
// mesh, say that it is HTTP. Where TCP goes the same way, and where the
// version is the caller's, the cluster cannot tell; followsCaller is for those.
func (s *sidecar) offer(c *clusterv3.Cluster) error {
	options, err := httpOptionsOf(c)
	if err != nil || s.tcp[c.Name] || options.GetUseDownstreamProtocolConfig() != nil {
		return err
	}
	protocols := alpnHTTP1
	if options.GetExplicitHttpConfig().GetHttp2ProtocolOptions() != nil {
		protocols = alpnHTTP2
	}
	return s.eachTLS(c, func(tls *tlsv3.UpstreamTlsContext) error {
		if withinMesh(tls) {
			tls.CommonTlsContext.AlpnProtocols = protocols
		}
		return nil
	})
}

func httpOptionsOf(c *clusterv3.Cluster) (*httpv3.HttpProtocolOptions, error) {
	options := &httpv3.HttpProtocolOptions{}
	packed := c.TypedExtensionProtocolOptions[httpOptions]
	if packed == nil {
		return options, nil
	}
	return options, packed.UnmarshalTo(options)
}

func withinMesh(tls *tlsv3.UpstreamTlsContext) bool {
	return slices.Contains(tls.GetCommonTlsContext().GetAlpnProtocols(), "istio-peer-exchange")
}

// followsCaller says whether a cluster of the mesh speaks the version of HTTP
// that the caller does.
func (s *sidecar) followsCaller(c *clusterv3.Cluster) (bool, error) {
	options, err := httpOptionsOf(c)
	if err != nil || options.GetUseDownstreamProtocolConfig() == nil {
		return false, err
	}
	mesh := false
	err = s.eachTLS(c, func(tls *tlsv3.UpstreamTlsContext) error {
		mesh = mesh || withinMesh(tls)
		return nil
	})
	return mesh, err
}

// findTCP notes to which clusters TCP proxies lead.
func (s *sidecar) findTCP() error {
	s.tcp = map[string]bool{}
	for _, l := range s.answer.listeners {
		for _, chain := range chainsOf(l) {
			for _, filter := range chain.Filters {
				if err := inside(filter.GetTypedConfig(), &tcpv3.TcpProxy{}, func(proxy *tcpv3.TcpProxy) error {
					s.tcp[proxy.GetCluster()] = true
					for _, part := range proxy.GetWeightedClusters().GetClusters() {
						s.tcp[part.Name] = true
					}
					return nil
				}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
