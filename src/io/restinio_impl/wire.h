// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "base/time.h"

namespace lw::io::restinio_impl {

struct WireTimeouts {
  Milliseconds read{};
  Milliseconds idle{};
};

/// What may be known about one connection from any thread: whether it lives, how busy it is, and
/// until when it must make progress. RESTinio owns the socket and offers no way to close it from
/// outside; cut() shuts the descriptor down in the kernel instead, and RESTinio then cleans up by
/// itself.
class Wire {
 public:
  Wire(int fd, WireTimeouts timeouts, Instant now);

  /// Bytes came in: a request has begun if none is in work.
  void received(Instant now);
  /// The peer has ended its side, or the connection broke: nobody reads what we would still say.
  void ended();
  [[nodiscard]] bool has_ended() const;
  /// Whether the peer has ended its side, as the kernel knows it now: nothing is read for that, so
  /// it is seen while a request is in work too.
  [[nodiscard]] bool peer_left() const;
  /// Returns how many requests of this connection are in work now, with this one.
  int request_begins();
  void request_ends(Instant now);
  /// Shuts the connection down in both directions; the peer sees it end.
  void cut();
  /// Cuts it if it has made no progress in time.
  void expire(Instant now);
  [[nodiscard]] bool is_closed() const;
  /// Runs `close_socket` so that no cut() can meet a descriptor that is already somebody else's.
  void close(const std::function<void()>& close_socket);

 private:
  struct State {
    int fd = -1;
    int in_work = 0;
    bool reading = true;
    Instant deadline{};
    bool has_ended = false;
  };
  static void cut(State& state);

  const WireTimeouts timeouts_;
  Guarded<State> state_;
};

/// All connections of one server.
class Wires {
 public:
  void add(const std::shared_ptr<Wire>& wire);
  /// Notes RESTinio's number for a wire, by which requests find theirs.
  void name(std::uint64_t connection, const std::shared_ptr<Wire>& wire);
  [[nodiscard]] std::shared_ptr<Wire> find(std::uint64_t connection) const;
  void expire(Instant now);
  void cut_all();
  [[nodiscard]] std::size_t open_count() const;

 private:
  Guarded<std::vector<std::weak_ptr<Wire>>> wires_;
  Guarded<std::unordered_map<std::uint64_t, std::weak_ptr<Wire>>> by_connection_;
};

}  // namespace lw::io::restinio_impl
