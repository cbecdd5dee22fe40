// SPDX-License-Identifier: Apache-2.0
// Only for the files of this folder that include RESTinio anyway.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <restinio/all.hpp>

#include "base/channel.h"
#include "base/guarded.h"
#include "base/time.h"
#include "io/restinio_impl/server.h"
#include "io/restinio_impl/wire.h"

namespace lw::io::restinio_impl {

/// How much of a stream waits to be sent. Apart from Answer, because RESTinio's notifications
/// outlive it and come while its lock is held.
class Backlog {
 public:
  /// Waits until there is room and takes it; false once the client is gone.
  bool admit(std::size_t bytes);
  /// Takes it if no more than `unsent_max` waits already, at once.
  StreamWrite try_admit(std::size_t bytes, std::size_t unsent_max);
  void sent(std::size_t bytes);
  void give_up() { room_.close(); }

 private:
  Guarded<std::size_t> unsent_;
  /// Holds one token while there may be room: what a condition variable would be.
  Channel<bool> room_{1, WhenFull::Conflate};
};

/// The answer to one request through RESTinio's response builders.
class Answer final : public HttpResponder::Body {
 public:
  Answer(restinio::request_handle_t request, std::shared_ptr<Wire> wire, Instant begun);
  ~Answer() override;

  void send(HttpResponse response) override;
  void start(HttpResponse head) override;
  bool write(std::string piece) override;
  StreamWrite try_write(std::string piece, std::size_t unsent_max) override;
  void end() override;
  void abort() override;
  [[nodiscard]] bool is_gone() const override { return wire_->peer_left(); }

  /// Answers 504 if the handler has said nothing since `begun_before`.
  void expire(Instant begun_before);
  /// Forgets the connection: the server goes. Later calls do nothing.
  void detach();

 private:
  using StreamBuilder = restinio::response_builder_t<restinio::chunked_output_t>;
  struct State {
    restinio::request_handle_t request;   ///< set until there is an answer
    std::optional<StreamBuilder> stream;  ///< set between start and end
  };
  restinio::write_status_cb_t on_finished() const;
  void respond(State& state, HttpResponse response) const;
  /// Sends what the backlog has admitted; false if the stream is over.
  bool append(std::string piece);

  const std::shared_ptr<Wire> wire_;
  const Instant begun_;
  const std::shared_ptr<Backlog> backlog_ = std::make_shared<Backlog>();
  Guarded<State> state_;
};

/// The answers that a server still owes.
class Answers {
 public:
  void add(const std::shared_ptr<Answer>& answer);
  void expire(Instant begun_before);
  void detach_all();

 private:
  std::vector<std::shared_ptr<Answer>> living();
  Guarded<std::vector<std::weak_ptr<Answer>>> answers_;
};

}  // namespace lw::io::restinio_impl
