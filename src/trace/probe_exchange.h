// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/loop.h"
#include "io/trace_socket.h"
#include "model/trace.h"
#include "packet/trace_probe.h"
#include "trace/answer.h"
#include "trace/probe_table.h"

namespace lw::trace {

/// Sends the probes of all traces and says which of them each answer is about, with its RTT by the
/// kernel's stamps as far as it gives them. Belongs to its loop's thread.
class ProbeExchange {
 public:
  /// One probe to send.
  struct Outgoing {
    std::uint64_t trace = 0;
    ProbeOrder order;
    packet::TraceFlow flow;
    Milliseconds timeout{0};
    std::size_t packet_bytes = 0;     ///< 0: small
    std::optional<IpAddress> source;  ///< if its route is to be that of this address
    Instant give_up_at{};             ///< The sender's own; not looked at.
    /// Out: 0, or an errno; io::TraceSocket::Packet says which mean "later".
    int error = 0;
    Instant sent{};  ///< Out
  };

  struct Handlers {
    /// Nothing if that trace is over.
    std::function<std::optional<packet::TraceFlow>(std::uint64_t trace, std::uint16_t flow)>
        flow_of;
    std::function<void(std::uint64_t trace, const ProbeOrder&, HopReply&&, Instant at)> answered;
  };

  struct Counters {
    std::uint64_t sent = 0;
    std::uint64_t answers = 0;
    std::uint64_t late = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t foreign = 0;
  };

  /// Fails if neither family can be had. Loop and clock must outlive it.
  static Result<std::unique_ptr<ProbeExchange>> open(io::Loop& loop, const Clock& clock,
                                                     bool without_privilege, Handlers handlers);

  /// Why there are no traces of that family; nothing if there are.
  [[nodiscard]] std::optional<Error> problem(bool is_v6) const;
  /// The source port or echo id of a flow: the same each time, also of the next process, if the
  /// same ports are free.
  [[nodiscard]] std::uint16_t port_of(const IpAddress& destination, std::uint16_t flow) const;
  void send(std::span<Outgoing> probes);
  /// Reads what waits in the sockets; after a stall, before time-outs are judged.
  void read_pending();
  /// While it is polled, answers are taken in by read_pending() alone, if the sockets can do so.
  void set_polled(bool is_polled);

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::uint64_t drops() const;
  [[nodiscard]] std::string limitation() const;

 private:
  struct Family {
    std::unique_ptr<io::TraceSocket> socket;
    std::optional<Error> failure;  ///< Why there is no socket.
    bool is_used = false;          ///< Something was sent.
  };
  /// One batch on its way to a socket, with the bytes of its packets.
  struct Batch {
    std::vector<std::vector<std::uint8_t>> bytes;
    std::vector<io::TraceSocket::Packet> packets;
    std::vector<Outgoing*> probes;
  };

  ProbeExchange(const Clock& clock, Handlers handlers);
  void open_family(io::Loop& loop, bool is_v6, bool without_privilege);
  [[nodiscard]] const Family& family(bool is_v6) const { return families_.at(is_v6 ? 1 : 0); }
  std::optional<std::size_t> line_of(bool is_v6, packet::Transport transport,
                                     std::uint16_t port) const;
  SentProbe* probe_of(std::uint32_t key);
  void add_to_batch(Outgoing& probe, const ClockReading& now);
  void send_batch(bool is_v6);
  void note_fill(const Outgoing& probe);
  void on_arrival(const io::TraceSocket::Arrival& arrival);
  void on_answer(const AnswerPacket& packet, const IdentifiedAnswer& identified, SentProbe& probe,
                 std::optional<std::int64_t> stamp_ns);

  const Clock& clock_;
  Handlers handlers_;
  packet::EchoSecret secret_;
  std::array<Family, 2> families_;
  ProbeTable table_;
  Batch batch_;
  std::vector<std::size_t> fills_;  ///< by how much SYNs were filled up lately
  Counters counters_;
};

}  // namespace lw::trace
