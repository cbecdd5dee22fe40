// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"

namespace lw::trace {

/// Holds that no router is asked more than once a second over all traces of an agent, since routers
/// limit such answers (Linux: icmp_ratelimit) and the limit would look like loss. A router is known
/// by its address. Whom a probe will reach is not known before the first answer at its TTL: such
/// questions are *blind*. Each takes one of its TTL's blind turns, and gives it back once it is
/// known that it came in time; so blind questions cost nothing where they hit routers that have
/// room, and end where they do not. What comes too soon is bounded thereby (docs/paths.md).
/// Belongs to one thread. Asking costs one look-up; a router some 90 bytes, a TTL some 800.
class HopBudget {
 public:
  explicit HopBudget(Milliseconds interval = Milliseconds(1'000)) : interval_(interval) {}

  /// Whether `router` may be asked now; if so, it counts as asked. Who asked last (`asker`, any
  /// number of one's own; 0: nobody in particular) lets others go first who came in vain since, for
  /// an interval at most: else those that trace in step would have a router to themselves.
  bool may_ask(const IpAddress& router, Instant now, std::uint64_t asker = 0);
  /// When `asker` may ask `router` next, if nobody else does before.
  [[nodiscard]] Instant free_at(const IpAddress& router, std::uint64_t asker = 0) const;
  /// What a blind question is for.
  enum class Worth : std::uint8_t {
    Little,  ///< One more hop of one way: only while half of the turns are left.
    Much,    ///< It tells who stands before a router that is known, for all ways through that.
    Urgent,  ///< Somebody waits for it: turns may be borrowed.
  };
  /// Whether a question may leave now at a TTL where nobody knows who stands; if so, it takes a
  /// turn.
  bool take_blind_turn(bool is_v6, std::uint8_t ttl, Instant now, Worth worth);
  /// The question was in time: its router had room, or the destination answered, or nobody does.
  void give_back_blind_turn(bool is_v6, std::uint8_t ttl);
  /// `router` was asked then, as its answer shows, by whom nobody expected it of. Whether that was
  /// in time: nobody else had asked it within the interval before, nor has since.
  bool note_asked(const IpAddress& router, Instant at, std::uint64_t asker = 0);
  /// An answer of `router` at `ttl`, for expected_at().
  void answered(std::uint8_t ttl, const IpAddress& router, Instant now);
  /// The router that (nearly) all traces meet at `ttl` lately; nothing if they differ or are few.
  /// Nearly all: nine of ten among the last 32 answers, which must be twelve at least.
  [[nodiscard]] std::optional<IpAddress> expected_at(bool is_v6, std::uint8_t ttl) const;
  /// On one way `router` answered at the TTL right behind that of `before`.
  void follows(const IpAddress& before, const IpAddress& router);
  /// The only one that was met right before that router; nothing if there were several, or none.
  /// Ways from one host are nearly a tree (Donnet et al., "Efficient algorithms for large-scale
  /// topology discovery", SIGMETRICS 2005), so who knows a later hop of a way knows those before.
  [[nodiscard]] std::optional<IpAddress> before(const IpAddress& router) const;
  /// Forgets routers that were not asked for minutes. Call now and then.
  void forget_old(Instant now);
  [[nodiscard]] std::size_t size() const;

 private:
  /// So many answers at one TTL are looked at, and so many are wanted at least.
  static constexpr std::size_t kRecent = 32;
  static constexpr std::size_t kRecentMin = 12;
  static constexpr std::size_t kTtls = 64;  ///< Beyond, nothing is expected and all is free.
  /// A TTL has so many blind turns at first: what Linux answers to one host at once. Each that is
  /// given back makes it one more, so that they double with each round trip, …
  static constexpr double kBlindTurns = 6;
  /// … up to so many.
  static constexpr double kBlindTurnsMax = 32;
  /// Of those that are not given back so many come again each second.
  static constexpr double kBlindTurnsPerSecond = 1;

  /// The latest answers at one TTL, and who gave most of them.
  struct Position {
    std::array<IpAddress, kRecent> recent;
    std::size_t count = 0;  ///< since the start; the newest is at (count - 1) % kRecent
    std::size_t of_usual = 0;
    IpAddress usual{};
    Instant last{};
    double blind_turns_max = kBlindTurns;
    double blind_turns = kBlindTurns;  ///< left at `counted`
    Instant counted{};

    [[nodiscard]] double turns_at(Instant now) const;
    [[nodiscard]] std::size_t size() const { return count < kRecent ? count : kRecent; }
    [[nodiscard]] bool has_usual() const { return 10 * of_usual >= 9 * size(); }
    void add(const IpAddress& router);
    void find_usual();
  };
  static std::size_t position_of(bool is_v6, std::uint8_t ttl) { return (is_v6 ? kTtls : 0) + ttl; }
  Position& position(bool is_v6, std::uint8_t ttl);
  [[nodiscard]] const Position* find_position(bool is_v6, std::uint8_t ttl) const;

  Milliseconds interval_;
  struct Router {
    Instant free_at{};
    Instant yields_until{};                ///< Until then `asker` lets others go first.
    std::uint64_t asker = 0;               ///< who asked last
    bool is_wanted = false;                ///< Somebody else came in vain since.
    std::optional<IpAddress> before = {};  ///< met right before it, if
    bool has_several_before = false;       ///< it was the only one
  };
  std::unordered_map<IpAddress, Router> routers_;
  std::vector<Position> positions_;  ///< by family and TTL; grows to what was met
};

}  // namespace lw::trace
