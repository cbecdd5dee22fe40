// SPDX-License-Identifier: Apache-2.0
#include "io/restinio_impl/wire.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

namespace lw::io::restinio_impl {

Wire::Wire(int fd, WireTimeouts timeouts, Instant now)
    // A fresh connection has as long for its handshake and first request as for any request.
    : timeouts_(timeouts), state_(State{fd, 0, true, now + timeouts.read}) {}

void Wire::received(Instant now) {
  state_.with([&](State& state) {
    if (state.in_work > 0 || state.reading) return;
    state.reading = true;
    state.deadline = now + timeouts_.read;
  });
}

void Wire::ended() {
  state_.with([](State& state) { state.has_ended = true; });
}

bool Wire::has_ended() const {
  return state_.with([](const State& state) { return state.has_ended; });
}

bool Wire::peer_left() const {
  return state_.with([](const State& state) {
    if (state.fd < 0 || state.has_ended) return true;
    pollfd watched{.fd = state.fd, .events = POLLRDHUP, .revents = 0};
    return ::poll(&watched, 1, 0) > 0 && (watched.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
  });
}

int Wire::request_begins() {
  return state_.with([](State& state) {
    state.reading = false;
    state.deadline = Instant::max();
    return ++state.in_work;
  });
}

void Wire::request_ends(Instant now) {
  state_.with([&](State& state) {
    if (--state.in_work == 0) state.deadline = now + timeouts_.idle;
  });
}

void Wire::cut(State& state) {
  if (state.fd >= 0) ::shutdown(state.fd, SHUT_RDWR);
}

void Wire::cut() {
  state_.with([](State& state) { cut(state); });
}

void Wire::expire(Instant now) {
  state_.with([&](State& state) {
    if (now >= state.deadline) cut(state);
  });
}

bool Wire::is_closed() const {
  return state_.with([](const State& state) { return state.fd < 0; });
}

void Wire::close(const std::function<void()>& close_socket) {
  state_.with([&](State& state) {
    state.fd = -1;
    close_socket();
  });
}

void Wires::add(const std::shared_ptr<Wire>& wire) {
  wires_.with([&](auto& wires) { wires.push_back(wire); });
}

void Wires::name(std::uint64_t connection, const std::shared_ptr<Wire>& wire) {
  by_connection_.with([&](auto& wires) { wires[connection] = wire; });
}

std::shared_ptr<Wire> Wires::find(std::uint64_t connection) const {
  return by_connection_.with([&](const auto& wires) {
    const auto found = wires.find(connection);
    return found == wires.end() ? nullptr : found->second.lock();
  });
}

void Wires::expire(Instant now) {
  by_connection_.with([](auto& all) {
    std::erase_if(all, [](const auto& entry) { return entry.second.expired(); });
  });
  // Locked one by one outside the list's lock: the last reference to a wire may go here.
  const auto wires = wires_.with([](auto& all) {
    std::erase_if(all, [](const auto& wire) { return wire.expired(); });
    return all;
  });
  for (const auto& weak : wires) {
    if (const auto wire = weak.lock()) wire->expire(now);
  }
}

void Wires::cut_all() {
  const auto wires = wires_.with([](auto& all) { return all; });
  for (const auto& weak : wires) {
    if (const auto wire = weak.lock()) wire->cut();
  }
}

std::size_t Wires::open_count() const {
  const auto wires = wires_.with([](const auto& all) { return all; });
  return static_cast<std::size_t>(std::ranges::count_if(wires, [](const auto& weak) {
    const auto wire = weak.lock();
    return wire != nullptr && !wire->is_closed();
  }));
}

}  // namespace lw::io::restinio_impl
