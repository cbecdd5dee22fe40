// SPDX-License-Identifier: Apache-2.0
#include "agent/connection.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "agent/fleet_channel.h"
#include "base/guarded.h"
#include "wire/fleet.grpc.pb.h"

namespace lw::agent {
namespace {

namespace pb = ::linewatch::wire;

/// gRPC calls the On… functions on its own threads, one read and one write at a time each.
class GrpcConnection final : public Connection,
                             public grpc::ClientBidiReactor<pb::AgentMessage, pb::ServerMessage> {
 public:
  GrpcConnection(const std::string& server, const Identity& identity, std::uint64_t generation,
                 Channel<ConnectionEvent>& events)
      : server_(server),
        generation_(generation),
        events_(events),
        stub_(pb::Fleet::NewStub(open_channel(server, identity.authority_pem, &identity))) {
    stub_->async()->Connect(&context_, this);
    // Held until the reads end, so that writes from outside a reaction are allowed till then.
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  ~GrpcConnection() override {
    context_.TryCancel();
    while (done_->pop()) {
    }
  }

  void write(const pb::AgentMessage& message) override {
    has_ended_.with([&](bool has_ended) {
      if (has_ended) return;
      outgoing_ = message;
      StartWrite(&outgoing_);
    });
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      has_ended_.with([](bool& has_ended) { has_ended = true; });
      RemoveHold();
      return;
    }
    auto message = std::make_shared<pb::ServerMessage>();
    message->Swap(&incoming_);
    events_.push(MessageReceived{generation_, std::move(message)});
    StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) override {
    if (ok) events_.push(MessageWritten{generation_});
  }

  void OnDone(const grpc::Status& status) override {
    // This object may go as soon as the channel is closed, so the channel must not go with it.
    const auto done = done_;
    events_.push(ConnectionClosed{generation_, to_error(status, server_)});
    done->close();
  }

 private:
  const std::string server_;
  const std::uint64_t generation_;
  Channel<ConnectionEvent>& events_;
  std::shared_ptr<Channel<int>> done_ = std::make_shared<Channel<int>>(1, WhenFull::Conflate);
  Guarded<bool> has_ended_{false};
  std::unique_ptr<pb::Fleet::Stub> stub_;
  grpc::ClientContext context_;
  pb::ServerMessage incoming_;
  pb::AgentMessage outgoing_;
};

}  // namespace

std::unique_ptr<Connection> connect(const std::string& server, const Identity& identity,
                                    std::uint64_t generation, Channel<ConnectionEvent>& events) {
  return std::make_unique<GrpcConnection>(server, identity, generation, events);
}

}  // namespace lw::agent
