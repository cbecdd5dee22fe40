// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/trace.h"
#include "trace/hop_budget.h"

namespace lw::trace {

/// How a trace goes about it.
struct TraceConfig {
  TraceProtocol protocol = TraceProtocol::Icmp;
  std::uint8_t first_ttl = 1;
  std::uint8_t ttl_max = 30;
  /// Flows to trace, by index; each takes its own way through balancers and always the same.
  std::vector<std::uint16_t> flows = {0};
  /// Probes for each TTL and flow, spread over the trace.
  int probes_per_hop = 1;
  /// After an answer did not come, ask that TTL once more before calling it silent.
  int retries = 1;
  Milliseconds timeout{2'000};
  /// Least distance between two probes of this trace.
  Microseconds pace{10'000};
  /// TTLs in a row that stay silent beyond the furthest answer before the trace gives up going on.
  int silent_tail_max = 5;
  /// How many TTLs beyond the furthest answer may be under way at once.
  int ahead_max = 5;
  /// So long a TTL waits for a router that was asked a moment ago (trace/hop_budget.h) before the
  /// trace goes on without it. Some seconds: nearly all are asked, slowly.
  Milliseconds budget_wait{250};
  /// Who asks, for the budget: a number of the caller's for this destination; 0: nobody special.
  std::uint64_t asker = 0;
  /// Somebody waits for it: where it is not known who stands, it may ask on credit.
  bool is_urgent = false;
};

/// One probe to send. `attempt` counts from 0 within its flow and TTL.
struct ProbeOrder {
  std::uint16_t flow = 0;
  std::uint8_t ttl = 0;
  std::uint16_t attempt = 0;
  auto operator<=>(const ProbeOrder&) const = default;
};

/// By TTL, from 1: who stands there.
using Way = std::vector<std::optional<IpAddress>>;

/// What is known from earlier traces of this destination; lets a trace spare routers and end where
/// the destination was. All of it may be wrong: it is never reported as measured.
struct TraceHint {
  std::uint16_t flow = 0;
  /// By TTL, from 1: whom this flow met. The destination, if it answered, stands last. Missing: it
  /// was silent, so that it is not asked once more after silence. kNotKnown: nobody was asked.
  Way hops;
  /// By TTL, from 1: who may stand there where `hops` does not know, since other flows or the
  /// destination's neighbours met him. Asked in his turn, and not taken for granted.
  Way supposed = {};

  static constexpr IpAddress kNotKnown{};
};

/// The rules of one trace: which probe is due when, when a hop is silent, when all is known. Has no
/// socket, clock or thread; `now` never goes back. The caller sends what is due and tells of each
/// outcome; late and unknown answers are the caller's to sort out (trace/tracer.h), but duplicates
/// and what took longer than the time-out do no harm here.
///
/// A flow's trace goes `ahead_max` TTLs beyond the furthest answer, or to the last TTL that hints
/// know, all paced. It ends
/// - where the destination answered: nothing beyond is sent, and what was sent beyond is no part of
///   the outcome;
/// - after `silent_tail_max` silent TTLs in a row;
/// - where "unreachable" came and asking again brought nothing better;
/// - where one router answers for the third time with other hops between: a loop. Twice may be a
///   route that changed meanwhile.
/// Then it waits for what is still out below. A TTL whose router may not be asked now is asked
/// within `budget_wait` or entered as NotAsked, with the router's address, if that is all but
/// certain, and no time. So is a TTL at which nobody knows who stands, once its blind turns are
/// used up (trace/hop_budget.h); the trace goes on behind it as if it were not there. The
/// destination itself is never spared where this flow met it before, and one "unreachable" is
/// asked about again even if that means waiting for the router's next turn.
///
/// Takes some 100 bytes, 60 for each probe and 30 for each hinted hop.
class TraceRound {
 public:
  /// `budget` may be null: no router is spared. It must outlive the round.
  TraceRound(TraceConfig config, IpAddress destination, HopBudget* budget,
             std::vector<TraceHint> hints, Instant now);

  /// The probes to send now, each once. Empty if none is due.
  std::vector<ProbeOrder> take_due(Instant now);
  /// When take_due() or is_complete() may say something new; nothing once complete.
  [[nodiscard]] std::optional<Instant> next_due() const;

  void sent(const ProbeOrder& order, Instant at);
  /// It never left this host.
  void not_sent(const ProbeOrder& order, const std::string& reason, Instant at);
  void received(const ProbeOrder& order, const HopReply& reply, Instant at);

  [[nodiscard]] bool is_complete(Instant now) const;
  /// What was found; probes that are still out count as silent. Offsets count from `now` of the
  /// constructor; test, source and wall-clock time are the caller's to fill in. `problem` is set if
  /// the way loops or nothing could be sent.
  [[nodiscard]] Trace outcome() const;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;

  /// One order and its fate, or one that was not given. Kept small: ten thousand rounds run at
  /// once.
  struct Record {
    IpAddress from{};  ///< while it is on its way: whom the budget was charged with
    std::uint32_t offset_us = 0;
    std::uint32_t rtt_us = 0;
    std::uint32_t rich = kNone;  ///< Index in rich_, if the reply says more than fits here.
    std::uint16_t flow = 0;      ///< index in flows_
    std::uint16_t attempt = 0;
    std::uint8_t ttl = 0;
    HopAnswer answer = HopAnswer::Silent;
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    std::uint8_t reply_ttl = 0;
    bool is_refusal = false;
    bool is_open = true;    ///< on its way
    bool is_blind = false;  ///< holds a blind turn
  };
  /// What is known of one TTL of one flow.
  struct Cell {
    std::uint32_t answer = kNone;  ///< the record that answered first
    std::uint8_t asked = 0;        ///< orders given, and spared ones
    std::uint8_t open = 0;         ///< of them, on their way
    std::uint8_t waiting = 0;      ///< turns in waiting_
    bool is_spared : 1 = false;
    bool is_passed_over : 1 = false;  ///< spared, and nobody knows who stands there
  };
  struct Flow {
    std::uint16_t id = 0;
    std::uint8_t furthest = 0;  ///< The last TTL that answered or was spared.
    std::uint8_t goal = 0;      ///< where hints have the destination; 0: nowhere
    std::uint8_t known = 0;     ///< so many TTLs have hints
    std::uint8_t end = 0;       ///< where the destination or a loop ends it; 0: not known
    std::uint8_t refused = 0;   ///< the lowest "unreachable" that nothing speaks against; 0: none
    std::uint8_t asked_to = 0;  ///< the last TTL that was asked
    std::uint8_t next_ttl = 0;  ///< whose turn it is; 0: none
    std::uint8_t next_turn = 0;
    std::uint8_t refusals = 0;  ///< "unreachables" since something spoke against one
    bool has_repeats = false;   ///< One router answered for several TTLs.
    bool is_done = false;
    std::uint32_t hint = kNone;  ///< index in hints_
  };
  /// A probe that is to be sent besides the usual ones: again, or once its router is free.
  struct Turn {
    std::uint16_t flow = 0;
    std::uint8_t ttl = 0;
    bool is_confirmation = false;
    Instant since{};
    Instant not_before{};
  };

  /// Whom a probe would ask, as far as that is known and matters.
  struct Whom {
    std::optional<IpAddress> router;  ///< to be spared if it was asked a moment ago
    bool is_blind = false;            ///< It may as well be somebody else.
    bool is_guess = false;            ///< So much so that nobody should be told of him.
  };

  void read_hints();
  std::uint8_t goal_in(const Way& hops) const;
  void expire(Instant now);
  std::optional<Turn> take_turn(Instant now);
  std::optional<ProbeOrder> ask(const Turn& turn, Instant now);
  bool may_ask(const Turn& turn, const Whom& whom, Instant now);
  HopBudget::Worth worth_of(const Turn& turn) const;
  Whom whom_to_ask(const Turn& turn) const;
  Whom suppose(const Turn& turn) const;
  std::optional<IpAddress> known_at(std::uint16_t flow, std::uint8_t ttl) const;
  std::optional<IpAddress> supposed_at(std::uint16_t flow, std::uint8_t ttl) const;
  std::optional<IpAddress> concluded_at(std::uint16_t flow, std::uint8_t ttl) const;
  bool was_not_asked(std::uint16_t flow, std::uint8_t ttl) const;
  bool is_silence_expected(const Record& record) const;
  void wait_or_spare(Turn turn, const Whom& whom, Instant now);
  void give_back_turn(Record& record);
  Record& add_record(const Turn& turn, Instant now);
  void close(Record& record);
  std::uint32_t find(const ProbeOrder& order) const;

  void take_answer(std::uint32_t index, const HopReply& reply, Instant at);
  void keep(Record& record, const HopReply& reply);
  void charge(Record& record, const IpAddress& charged);
  void note_neighbours(const Record& record);
  void arrive(std::uint16_t flow, std::uint8_t ttl);
  void pass(std::uint16_t flow, const Record& record);
  static void refute(Flow& flow, std::uint8_t ttl);
  void refuse(std::uint16_t flow, std::uint8_t ttl, Instant at);
  bool passes_beyond(std::uint16_t flow, std::uint8_t ttl) const;
  void ask_again_if_silent(const Record& record, Instant at);
  void end_loops(std::uint16_t flow);
  bool ends_in_loop(std::uint16_t flow, const IpAddress& router, std::uint8_t limit);

  void drop_needless(std::uint16_t flow);
  void refresh(std::uint16_t flow);
  void refresh_all();
  std::uint8_t limit_of(std::uint16_t flow) const;
  std::uint8_t goal_of(const Flow& flow) const;
  std::uint8_t end_of(const Flow& flow) const;
  bool is_needed(const Turn& turn) const;
  bool is_final(std::uint16_t flow, std::uint8_t ttl) const;
  bool is_silent(std::uint16_t flow, std::uint8_t ttl) const;
  int retries_of(std::uint16_t flow, std::uint8_t ttl) const;

  Cell& cell(std::uint16_t flow, std::uint8_t ttl);
  Cell cell_at(std::uint16_t flow, std::uint8_t ttl) const;
  Instant deadline(const Record& record) const;
  std::uint32_t offset(Instant at) const;
  HopReply reply_of(const Record& record) const;

  TraceConfig config_;
  IpAddress destination_;
  HopBudget* budget_;
  std::vector<TraceHint> hints_;
  Instant start_;
  Instant next_send_;
  std::vector<Flow> flows_;
  std::vector<Cell> cells_;  ///< rows of TTLs as they open, in each one cell for each flow
  std::vector<Record> records_;
  std::vector<HopReply> rich_;
  std::vector<Turn> waiting_;
  std::uint32_t oldest_open_ = 0;  ///< No record before it is on its way.
  std::uint32_t flows_running_ = 0;
  std::uint8_t nearest_end_ = 0;  ///< where some flow met the destination; 0: none yet
  std::string problem_;
};

}  // namespace lw::trace
