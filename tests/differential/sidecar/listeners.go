package main

import (
	"fmt"
	"slices"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	filelogv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	statevaluev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/set_filter_state/v3"
	filterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/set_filter_state/v3"
	proxyprotocolv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/proxy_protocol/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/wellknown"
)

// What every record of an access log has; the recorder joins by the first two.
var logFields = map[string]string{
	"case": "REQ(X-CASE)", "start": "START_TIME", "code": "RESPONSE_CODE", "flags": "RESPONSE_FLAGS",
	"details": "RESPONSE_CODE_DETAILS", "connection_details": "CONNECTION_TERMINATION_DETAILS",
	"transport_failure": "UPSTREAM_TRANSPORT_FAILURE_REASON", "cluster": "UPSTREAM_CLUSTER_RAW",
	"route": "ROUTE_NAME", "attempts": "UPSTREAM_REQUEST_ATTEMPT_COUNT", "path": "REQ(:PATH)",
	"original_path": "REQ(X-ENVOY-ORIGINAL-PATH)", "sni": "REQUESTED_SERVER_NAME",
	"peer": "DOWNSTREAM_PEER_URI_SAN", "remote": "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
	"chain": "FILTER_CHAIN_NAME",
}

func chainsOf(l *listenerv3.Listener) []*listenerv3.FilterChain {
	if l.DefaultFilterChain == nil {
		return l.FilterChains
	}
	return append(slices.Clone(l.FilterChains), l.DefaultFilterChain)
}

func (s *sidecar) listeners() ([]*listenerv3.Listener, error) {
	var kept []*listenerv3.Listener
	for _, l := range s.answer.listeners {
		switch l.Name {
		case model.VirtualInboundListenerName:
			if len(s.ports) == 0 { // nothing leads to this workload
				continue
			}
			s.takeInbound(l)
		case model.VirtualOutboundListenerName:
			if err := s.takeOutbound(l); err != nil {
				return nil, err
			}
		}
		if err := s.listener(l); err != nil {
			return nil, fmt.Errorf("listener %s: %w", l.Name, err)
		}
		kept = append(kept, l)
	}
	return kept, nil
}

// takeInbound binds the ports themselves; which one was dialled then is what
// iptables would have kept.
func (s *sidecar) takeInbound(l *listenerv3.Listener) {
	slices.Sort(s.ports)
	l.Address = s.address(s.ports[0])
	for _, port := range s.ports[1:] {
		l.AdditionalAddresses = append(l.AdditionalAddresses, &listenerv3.AdditionalAddress{Address: s.address(port)})
	}
	l.ListenerFilters = slices.DeleteFunc(l.ListenerFilters, func(f *listenerv3.ListenerFilter) bool {
		return f.Name == wellknown.OriginalDestination
	})
}

// takeOutbound lets callers say where they meant to go.
func (s *sidecar) takeOutbound(l *listenerv3.Listener) error {
	config, err := anypb.New(&proxyprotocolv3.ProxyProtocol{})
	if err != nil {
		return err
	}
	l.Address = s.address(capturePort)
	l.ListenerFilters = slices.Insert(l.ListenerFilters, 0, &listenerv3.ListenerFilter{
		Name:       wellknown.ProxyProtocol,
		ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: config},
	})
	return nil
}

func (s *sidecar) listener(l *listenerv3.Listener) error {
	// Istio has such a log, too, once access logs are on.
	refused, err := s.accessLog()
	if err != nil {
		return err
	}
	refused[0].Filter = &accesslogv3.AccessLogFilter{
		FilterSpecifier: &accesslogv3.AccessLogFilter_ResponseFlagFilter{
			ResponseFlagFilter: &accesslogv3.ResponseFlagFilter{Flags: []string{"NR"}},
		},
	}
	l.AccessLog = refused
	for _, chain := range chainsOf(l) {
		if err := s.chain(chain); err != nil {
			return fmt.Errorf("chain %s: %w", chain.Name, err)
		}
	}
	return nil
}

func (s *sidecar) chain(chain *listenerv3.FilterChain) error {
	err := inside(chain.TransportSocket.GetTypedConfig(), &tlsv3.DownstreamTlsContext{},
		func(tls *tlsv3.DownstreamTlsContext) error {
			return s.keysFromFiles(tls.CommonTlsContext)
		})
	if err != nil {
		return err
	}
	if chain.Filters, err = usable(chain.Filters); err != nil {
		return err
	}
	for _, filter := range chain.Filters {
		if err := inside(filter.GetTypedConfig(), &managerv3.HttpConnectionManager{}, s.manager); err != nil {
			return err
		}
		if err := inside(filter.GetTypedConfig(), &tcpv3.TcpProxy{}, func(proxy *tcpv3.TcpProxy) (err error) {
			proxy.AccessLog, err = s.accessLog()
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// manager mends what handles the requests of a connection.
func (s *sidecar) manager(m *managerv3.HttpConnectionManager) (err error) {
	if m.HttpFilters, err = usable(m.HttpFilters); err != nil {
		return err
	}
	if rds := m.GetRds(); rds != nil {
		table := s.answer.routes[rds.RouteConfigName]
		if table == nil {
			return fmt.Errorf("istiod sent no routes called %q", rds.RouteConfigName)
		}
		// As when they are fetched: a route may lead nowhere.
		table.ValidateClusters = wrapperspb.Bool(false)
		m.RouteSpecifier = &managerv3.HttpConnectionManager_RouteConfig{RouteConfig: table}
		if err := s.offerByRequest(m, table); err != nil {
			return err
		}
	}
	m.AccessLog, err = s.accessLog()
	return err
}

// offerByRequest sets what a new connection to the mesh offers, for clusters
// that speak the caller's version of HTTP. Callers of cases speak HTTP/1.1.
func (s *sidecar) offerByRequest(m *managerv3.HttpConnectionManager, table *routev3.RouteConfiguration) error {
	reached := clustersOf(table)
	for _, c := range s.answer.clusters {
		follows, err := s.followsCaller(c)
		if err != nil {
			return err
		}
		if !follows || !reached[c.Name] {
			continue
		}
		config, err := anypb.New(&filterstatev3.Config{OnRequestHeaders: []*statevaluev3.FilterStateValue{{
			Key:   &statevaluev3.FilterStateValue_ObjectKey{ObjectKey: "envoy.network.application_protocols"},
			Value: &statevaluev3.FilterStateValue_FormatString{FormatString: textFormat("istio-http/1.1,istio,http/1.1")},
		}}})
		if err != nil {
			return err
		}
		m.HttpFilters = slices.Insert(m.HttpFilters, 0, &managerv3.HttpFilter{
			Name:       "offered protocols",
			ConfigType: &managerv3.HttpFilter_TypedConfig{TypedConfig: config},
		})
		return nil
	}
	return nil
}

func clustersOf(table *routev3.RouteConfiguration) map[string]bool {
	reached := map[string]bool{}
	for _, host := range table.VirtualHosts {
		for _, route := range host.Routes {
			reached[route.GetRoute().GetCluster()] = true
			for _, part := range route.GetRoute().GetWeightedClusters().GetClusters() {
				reached[part.Name] = true
			}
		}
	}
	return reached
}

// --- the access log ---

func textFormat(text string) *corev3.SubstitutionFormatString {
	return &corev3.SubstitutionFormatString{Format: &corev3.SubstitutionFormatString_TextFormatSource{
		TextFormatSource: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: text}},
	}}
}

// accessLog is the one log of this sidecar, a line of JSON for each record.
func (s *sidecar) accessLog() ([]*accesslogv3.AccessLog, error) {
	fields := map[string]any{}
	for name, operator := range logFields {
		fields[name] = "%" + operator + "%"
	}
	format, err := structpb.NewStruct(fields)
	if err != nil {
		return nil, err
	}
	config, err := anypb.New(&filelogv3.FileAccessLog{
		Path: s.workload.AccessLog,
		AccessLogFormat: &filelogv3.FileAccessLog_LogFormat{LogFormat: &corev3.SubstitutionFormatString{
			Format: &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: format},
		}},
	})
	if err != nil {
		return nil, err
	}
	return []*accesslogv3.AccessLog{{
		Name:       wellknown.FileAccessLog,
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: config},
	}}, nil
}
