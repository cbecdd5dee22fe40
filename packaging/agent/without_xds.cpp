// SPDX-License-Identifier: Apache-2.0
// gRPC registers its xDS client (service meshes that tell a client whom to call) in a function that
// lives in an object of its own; gRPC's own library without TLS has an empty one in its place. So
// does this program: an agent has one server, whose address it was given. Xds and all messages of
// its protocol then are not linked. A gRPC that has no such function any more links the xDS client
// again, and the test of the package's size tells.
namespace grpc_core {

class CoreConfiguration {
 public:
  class Builder;
};

void RegisterExtraFilters(CoreConfiguration::Builder* builder);
void RegisterExtraFilters(CoreConfiguration::Builder* /*builder*/) {}

}  // namespace grpc_core
