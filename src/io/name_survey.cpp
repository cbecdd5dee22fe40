// SPDX-License-Identifier: Apache-2.0
#include "io/name_survey.h"

#include <algorithm>
#include <utility>

namespace lw::io {

void NameSurvey::after(const NameAnswer& found, const std::shared_ptr<NameServers>& servers) {
  if (every_ == Seconds(0) || servers->size() < 2 || found.asked.empty()) return;
  if (subjects_.size() >= kNamesMax && !subjects_.contains(found.asked)) subjects_.clear();
  Subject& subject = subjects_[found.asked];
  const Instant now = clock_.now();
  if (now < subject.again) return;
  subject.again = now + every_;
  // Questions of before write to a list that nobody reads any more.
  subject.replies = std::make_shared<std::vector<ServerReply>>();
  const bool is_v6 = !found.v4 || found.v4->addresses.empty();
  const std::string& known_of = is_v6 ? found.v6->server : found.v4->server;
  for (std::size_t i = 0; i < servers->size(); ++i) {
    DnsServer& server = servers->at(i);
    if (server.name() == known_of) continue;
    // The server does not call once it is gone; the clock outlives us both.
    server.ask(found.asked, is_v6,
               [&clock = clock_, replies = subject.replies, at = now, is_v6, name = server.name(),
                timeout = server.timeout()](const DnsAnswer& answer) {
                 const NameStatus status = name_status_of(answer.status);
                 const auto took = answer.status == DnsStatus::TimedOut
                                       ? Microseconds(timeout)
                                       : std::chrono::duration_cast<Microseconds>(clock.now() - at);
                 replies->push_back({name, is_v6, status, answer.says, took});
               });
  }
}

std::string NameSurvey::failures(const std::string& asked_name) const {
  const auto found = subjects_.find(asked_name);
  if (found == subjects_.end()) return {};
  return describe_failures(*found->second.replies, false);
}

}  // namespace lw::io
