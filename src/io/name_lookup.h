// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/dns_server.h"
#include "io/loop.h"
#include "io/name_answer.h"

namespace lw::io {

/// The name servers in the order in which they are configured, and which of them were silent
/// lately: those are asked last for a while, so that they do not delay every lookup. Not for ever:
/// the system's own resolver begins with the first one, and so must what we say about it.
class NameServers {
 public:
  explicit NameServers(const Clock& clock) : clock_(clock) {}

  void add(std::shared_ptr<DnsServer> server);
  [[nodiscard]] std::size_t size() const { return servers_.size(); }
  [[nodiscard]] DnsServer& at(std::size_t index) { return *servers_.at(index).server; }
  [[nodiscard]] std::vector<std::size_t> order() const;
  void was_silent(std::size_t index);
  void has_answered(std::size_t index);

 private:
  struct Entry {
    std::shared_ptr<DnsServer> server;
    Instant last_until{};
  };
  const Clock& clock_;
  std::vector<Entry> servers_;
};

NameStatus name_status_of(DnsStatus status);

/// One lookup of one name. Each wanted family is a question of its own; it goes to the first
/// server, and to the next one when that fails, or says nothing for a while, which goes on waiting
/// all the same. When one family has its addresses, the other gets as long again and no longer:
/// there are servers that never answer questions for AAAA. The names of the search list follow, as
/// candidates, while the answer is that there is nothing. On the loop's thread.
class NameLookup : public std::enable_shared_from_this<NameLookup> {
 public:
  using Done = std::function<void(NameAnswer&&)>;
  struct Options {
    AddressFamily family = AddressFamily::V4;
    Milliseconds patience{500};  ///< before the next server is asked, and for the other family
  };

  /// Loop and clock must outlive it. It must be owned by a shared_ptr.
  NameLookup(Loop& loop, const Clock& clock, Options options, Done done);

  /// Asks, or asks anew when servers or search list have changed. `candidates` are full names, at
  /// least one. Calls `done` once, later, unless the lookup goes before.
  void begin(std::shared_ptr<NameServers> servers, std::vector<std::string> candidates);

 private:
  struct Asked {
    std::size_t server = 0;
    Instant at{};
    bool has_replied = false;
    bool was_overtaken = false;  ///< The next server was asked before this one said anything.
  };
  struct Question {
    bool is_v6 = false;
    bool is_over = false;
    bool has_failed = false;  ///< A server failed, rather than being silent.
    FamilyAnswer answer;
    std::vector<Asked> asked;
    Loop::Timer next_server;
  };

  void begin_candidate();
  void ask_next(Question& question);
  void on_answer(Question& question, std::size_t position, const DnsAnswer& answer);
  void conclude(Question& question);
  void end_candidate();
  void note_silence();
  [[nodiscard]] std::optional<FamilyAnswer> answer_for(bool is_v6) const;
  void finish(NameAnswer&& answer);

  Loop& loop_;
  const Clock& clock_;
  Options options_;
  Done done_;
  std::shared_ptr<NameServers> servers_;
  std::vector<std::string> candidates_;
  std::size_t candidate_ = 0;
  std::uint64_t attempt_ = 0;  ///< Counts candidates and new beginnings: late answers show by it.
  Instant began_{};
  std::vector<std::size_t> order_;
  std::vector<Question> questions_;
  std::vector<ServerReply> replies_;
  std::optional<NameAnswer> telling_;  ///< Of the candidates so far, the one that says most.
  Loop::Timer other_family_;
};

}  // namespace lw::io
