// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace lw::notify {

/// Something that an address is to be told.
struct Message {
  std::int64_t number = 0;  ///< the caller's
  std::string uri;
  std::string body;  ///< JSON
  Timestamp created{};
};

/// What came of an attempt.
struct Attempted {
  enum class Outcome {
    Delivered,
    TryAgain,  ///< 408, 429, 503, 504, or no answer at all
    Refused,   ///< any other answer: again would not help
  };
  Outcome outcome = Outcome::Delivered;
  std::optional<int> status;  ///< of HTTP
  std::string words;          ///< "answered 204", "answered 503", "connection refused"
};
Attempted::Outcome outcome_of(int status);

/// How an address is doing.
struct AddressStatus {
  std::string uri;
  std::size_t waiting = 0;
  std::string problem;                   ///< of the last attempt; empty if it was delivered
  std::optional<Timestamp> rests_until;  ///< while it is left alone
  std::optional<Timestamp> last_delivered;
};

/// When which message is sent, and sent again, as Azure documents it for action groups: after a
/// failure that may pass, again after 5, 20, 5, 40 and 5 seconds; then the address rests for 15
/// minutes, and the same begins again. A message that is a day old by then is given up. Messages of
/// one address go in their order, one at a time. Pure: knows no clock, socket or thread.
class Deliveries {
 public:
  void add(Message message);
  /// A message to send now, if there is one. Its address gets no other until attempted().
  std::optional<Message> next(Instant now);
  /// The message of that address, if it need not be sent any more: delivered, refused, given up.
  std::optional<Message> attempted(const std::string& uri, const Attempted& attempt, Instant now,
                                   Timestamp wall_now);
  /// When next() may give something; nothing while nothing waits for its time.
  [[nodiscard]] std::optional<Instant> due() const;
  [[nodiscard]] std::vector<AddressStatus> status() const;

 private:
  struct Address {
    std::deque<Message> messages;
    std::size_t failures = 0;  ///< of the first message since it last rested
    Instant due{};
    bool is_busy = false;
    AddressStatus status;
  };
  void fail(Address& address, Instant now, Timestamp wall_now);

  std::map<std::string, Address> addresses_;
};

}  // namespace lw::notify
