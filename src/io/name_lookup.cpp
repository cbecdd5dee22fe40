// SPDX-License-Identifier: Apache-2.0
#include "io/name_lookup.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lw::io {
namespace {

/// How long a silent server is asked last.
constexpr Seconds kSilentFor{30};

/// Whether a failure of one candidate leaves a later one to be tried, as the C library does: not
/// when no server answers.
bool may_go_on(NameStatus status) {
  return status == NameStatus::NotFound || status == NameStatus::NoAddress ||
         status == NameStatus::ServerFailed;
}

/// Of two failed candidates: a server that failed may hide an address, an existing name says more
/// than none.
bool tells_more(NameStatus one, NameStatus than) {
  constexpr std::array kOrder = {NameStatus::NotFound, NameStatus::NoAddress,
                                 NameStatus::ServerFailed, NameStatus::TimedOut};
  return std::ranges::find(kOrder, one) > std::ranges::find(kOrder, than);
}

}  // namespace

NameStatus name_status_of(DnsStatus status) {
  switch (status) {
    case DnsStatus::Found:
      return NameStatus::Found;
    case DnsStatus::NotFound:
      return NameStatus::NotFound;
    case DnsStatus::NoAddress:
      return NameStatus::NoAddress;
    case DnsStatus::Failed:
      return NameStatus::ServerFailed;
    case DnsStatus::TimedOut:
    case DnsStatus::NobodyThere:
      return NameStatus::TimedOut;
  }
  return NameStatus::ServerFailed;
}

void NameServers::add(std::shared_ptr<DnsServer> server) {
  servers_.push_back({std::move(server), {}});
}

std::vector<std::size_t> NameServers::order() const {
  const Instant now = clock_.now();
  std::vector<std::size_t> order;
  order.reserve(servers_.size());
  for (std::size_t i = 0; i < servers_.size(); ++i) order.push_back(i);
  std::ranges::stable_partition(order,
                                [&](std::size_t i) { return servers_[i].last_until <= now; });
  return order;
}

void NameServers::was_silent(std::size_t index) {
  servers_.at(index).last_until = clock_.now() + kSilentFor;
}

void NameServers::has_answered(std::size_t index) { servers_.at(index).last_until = {}; }

NameLookup::NameLookup(Loop& loop, const Clock& clock, Options options, Done done)
    : loop_(loop), clock_(clock), options_(options), done_(std::move(done)) {
  began_ = clock_.now();
}

void NameLookup::begin(std::shared_ptr<NameServers> servers, std::vector<std::string> candidates) {
  servers_ = std::move(servers);
  candidates_ = std::move(candidates);
  candidate_ = 0;
  telling_.reset();
  begin_candidate();
}

void NameLookup::begin_candidate() {
  ++attempt_;
  order_ = servers_->order();
  replies_.clear();
  other_family_.cancel();
  questions_.clear();
  for (const bool is_v6 : {false, true}) {
    const AddressFamily other = is_v6 ? AddressFamily::V4 : AddressFamily::V6;
    if (options_.family == other) continue;
    questions_.emplace_back().is_v6 = is_v6;
  }
  for (Question& question : questions_) ask_next(question);
}

void NameLookup::ask_next(Question& question) {
  const std::size_t position = question.asked.size();
  if (position >= order_.size()) return;
  const std::size_t server = order_[position];
  question.next_server.cancel();
  question.asked.push_back({server, clock_.now(), false, false});
  const auto index = static_cast<std::size_t>(&question - questions_.data());
  const auto is_current = [self = weak_from_this(), attempt = attempt_] {
    const auto lookup = self.lock();
    return lookup && lookup->attempt_ == attempt ? lookup : nullptr;
  };
  servers_->at(server).ask(candidates_[candidate_], question.is_v6,
                           [is_current, index, position](const DnsAnswer& answer) {
                             if (const auto self = is_current()) {
                               self->on_answer(self->questions_[index], position, answer);
                             }
                           });
  if (position + 1 >= order_.size()) return;
  question.next_server = loop_.after(options_.patience, [is_current, index, position] {
    const auto self = is_current();
    if (!self) return;
    self->questions_[index].asked[position].was_overtaken = true;
    self->ask_next(self->questions_[index]);
  });
}

void NameLookup::on_answer(Question& question, std::size_t position, const DnsAnswer& answer) {
  Asked& asked = question.asked[position];
  asked.has_replied = true;
  DnsServer& server = servers_->at(asked.server);
  const NameStatus status = name_status_of(answer.status);
  const bool is_silent = status == NameStatus::TimedOut;
  is_silent ? servers_->was_silent(asked.server) : servers_->has_answered(asked.server);
  if (question.is_over) return;
  // A time-out has its set length; the clock would add how late the loop was.
  const Microseconds took = answer.status == DnsStatus::TimedOut
                                ? Microseconds(server.timeout())
                                : std::chrono::duration_cast<Microseconds>(clock_.now() - asked.at);
  replies_.push_back({server.name(), question.is_v6, status, answer.says, took});
  if (status != NameStatus::ServerFailed && !is_silent) {
    question.answer = {status, answer.addresses, server.name(), std::nullopt};
    if (status == NameStatus::Found) question.answer.ttl = answer.ttl;
    return conclude(question);
  }
  question.has_failed = question.has_failed || !is_silent;
  // Only the latest server's failure is news; an earlier one has been overtaken already.
  if (position + 1 == question.asked.size() && position + 1 < order_.size()) {
    return ask_next(question);
  }
  if (!std::ranges::all_of(question.asked, &Asked::has_replied)) return;
  question.answer.status = question.has_failed ? NameStatus::ServerFailed : NameStatus::TimedOut;
  conclude(question);
}

void NameLookup::conclude(Question& question) {
  question.is_over = true;
  question.next_server.cancel();
  if (std::ranges::all_of(questions_, &Question::is_over)) return end_candidate();
  if (question.answer.addresses.empty()) return;
  other_family_ = loop_.after(options_.patience, [self = weak_from_this()] {
    if (const auto lookup = self.lock()) lookup->end_candidate();
  });
}

std::optional<FamilyAnswer> NameLookup::answer_for(bool is_v6) const {
  const auto found = std::ranges::find(questions_, is_v6, &Question::is_v6);
  return found == questions_.end() ? std::nullopt : std::optional(found->answer);
}

/// Adds who has said nothing so far to the evidence.
void NameLookup::note_silence() {
  for (const Question& question : questions_) {
    for (const Asked& asked : question.asked) {
      if (asked.has_replied) continue;
      if (asked.was_overtaken) servers_->was_silent(asked.server);
      replies_.push_back({servers_->at(asked.server).name(), question.is_v6, NameStatus::TimedOut,
                          "no answer from",
                          std::chrono::duration_cast<Microseconds>(clock_.now() - asked.at)});
    }
  }
}

void NameLookup::end_candidate() {
  note_silence();
  NameAnswer answer = join_families(answer_for(false), answer_for(true), replies_);
  answer.asked = candidates_[candidate_];
  if (answer.status == NameStatus::Found) return finish(std::move(answer));
  const bool goes_on = may_go_on(answer.status);
  if (!telling_ || tells_more(answer.status, telling_->status)) telling_ = std::move(answer);
  if (!goes_on || ++candidate_ >= candidates_.size()) return finish(std::move(*telling_));
  begin_candidate();
}

void NameLookup::finish(NameAnswer&& answer) {
  ++attempt_;
  other_family_.cancel();
  questions_.clear();
  answer.took = std::chrono::duration_cast<Microseconds>(clock_.now() - began_);
  // The callback may let go of this lookup.
  const auto self = shared_from_this();
  const Done done = std::exchange(done_, nullptr);
  done(std::move(answer));
}

}  // namespace lw::io
