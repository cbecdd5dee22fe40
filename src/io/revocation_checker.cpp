// SPDX-License-Identifier: Apache-2.0
#include "io/revocation_checker.h"

#include <fmt/core.h>

#include <utility>

#include "base/text.h"

namespace lw::io {
namespace {

constexpr Seconds kFailureHolds{60};
constexpr std::size_t kOcspBytesMax = std::size_t{128} << 10;
constexpr std::size_t kCrlBytesMax = std::size_t{8} << 20;
// So many certificates; then answers that have ended are thrown out, or all if none has.
constexpr std::size_t kAnswersMax = 10'000;

// Reading a CRL takes some 50 ms for each megabyte, in which nothing else would be measured.
constexpr std::size_t kListBytesOnLoop = std::size_t{64} << 10;
// CRLs serve many certificates and can be large; beyond this, all are forgotten.
constexpr std::size_t kListsBytesMax = std::size_t{64} << 20;
constexpr std::size_t kSourcesMax = 4;  // A certificate may name any number.

ChainLink link_at(const CertificateChain& chain, std::size_t index, X509_STORE* roots) {
  return {chain[index].get(), chain[index + 1].get(), chain, roots};
}

/// Every certificate but the last, which is trusted and has nobody to ask.
std::size_t link_count(const CertificateChain& chain) {
  return chain.empty() ? 0 : chain.size() - 1;
}

}  // namespace

/// The search for one certificate's status.
struct RevocationChecker::Lookup {
  CertificateChain chain;
  std::size_t index = 0;
  std::string question;
  std::vector<Question> sources;
  std::size_t next_source = 0;
  std::vector<std::string> failures;
  std::vector<std::function<void()>> waiting;
};

RevocationChecker::RevocationChecker(const Clock& clock, std::shared_ptr<X509_STORE> roots, Ask ask,
                                     RunAside run_aside)
    : clock_(clock),
      roots_(std::move(roots)),
      ask_(std::move(ask)),
      run_aside_(std::move(run_aside)) {}

const RevocationChecker::Known* RevocationChecker::find(const std::string& question) const {
  const auto found = answers_.find(question);
  if (found == answers_.end() || found->second.answer.until <= clock_.wall_now()) return nullptr;
  return &found->second;
}

const RevocationChecker::Known* RevocationChecker::find(const std::string& question,
                                                        const ChainLink& link,
                                                        const std::string& stapled) {
  const Known* const known = find(question);
  if (stapled.empty() || (known != nullptr && known->stapled == stapled)) return known;
  RevocationAnswer answer = judge_ocsp(stapled, link, clock_.wall_now());
  if (answer.status == RevocationStatus::Unknown) return known;
  if (!answer.evidence.empty()) answer.evidence += ", says the OCSP response that it sent";
  return keep(question, {std::move(answer), stapled});
}

const RevocationChecker::Known* RevocationChecker::keep(const std::string& question, Known known) {
  if (answers_.size() >= kAnswersMax) {
    const Timestamp now = clock_.wall_now();
    std::erase_if(answers_, [now](const auto& one) { return one.second.answer.until <= now; });
    if (answers_.size() >= kAnswersMax) answers_.clear();
  }
  return &(answers_[question] = std::move(known));
}

void RevocationChecker::keep_list(const std::string& url, const Bytes& bytes, Timestamp until) {
  if (const auto old = lists_.find(url); old != lists_.end()) {
    lists_bytes_ -= old->second.bytes->size();
    lists_.erase(old);
  }
  if (lists_bytes_ + bytes->size() > kListsBytesMax) {
    lists_.clear();
    lists_bytes_ = 0;
  }
  lists_bytes_ += bytes->size();
  lists_[url] = {bytes, until};
}

bool RevocationChecker::knows(const CertificateChain& chain, const std::string& stapled) {
  bool knows_all = true;
  for (std::size_t i = 0; i < link_count(chain); ++i) {
    const ChainLink link = link_at(chain, i, roots_.get());
    const Known* const known = find(question_of(link), link, i == 0 ? stapled : std::string());
    if (known == nullptr) {
      knows_all = false;
    } else if (known->answer.status == RevocationStatus::Revoked) {
      return true;  // Whatever the others are.
    }
  }
  return knows_all;
}

RevocationAnswer RevocationChecker::verdict_on(const CertificateChain& chain) const {
  RevocationAnswer verdict{RevocationStatus::Good, {}, {}};
  for (std::size_t i = 0; i < link_count(chain); ++i) {
    const Known* const known = find(question_of(link_at(chain, i, roots_.get())));
    if (known != nullptr && known->answer.status == RevocationStatus::Revoked) {
      return known->answer;
    }
    const bool is_good = known != nullptr && known->answer.status == RevocationStatus::Good;
    if (is_good || verdict.status == RevocationStatus::Unknown) continue;
    verdict = {RevocationStatus::Unknown,
               known != nullptr ? known->answer.evidence : "no answer has come yet",
               {}};
  }
  return verdict;
}

void RevocationChecker::find_out(const CertificateChain& chain, const std::string& stapled,
                                 const std::function<void()>& done) {
  // One more than there are lookups, so that none that ends at once is taken for the last.
  const auto missing = std::make_shared<std::size_t>(1);
  const auto one_less = [missing, done] {
    if (--*missing == 0) done();
  };
  for (std::size_t i = 0; i < link_count(chain); ++i) {
    const std::string question = question_of(link_at(chain, i, roots_.get()));
    if (find(question) != nullptr) continue;
    ++*missing;
    if (const auto running = lookups_.find(question); running != lookups_.end()) {
      running->second->waiting.emplace_back(one_less);
      continue;
    }
    const auto lookup = begin(chain, i, i == 0 ? stapled : std::string());
    lookup->waiting.emplace_back(one_less);
    lookups_[question] = lookup;
    ask_next(lookup);
  }
  one_less();
}

std::shared_ptr<RevocationChecker::Lookup> RevocationChecker::begin(const CertificateChain& chain,
                                                                    std::size_t index,
                                                                    const std::string& stapled) {
  const ChainLink link = link_at(chain, index, roots_.get());
  auto lookup = std::make_shared<Lookup>();
  lookup->chain = chain;
  lookup->index = index;
  lookup->question = question_of(link);
  if (!stapled.empty()) {
    const RevocationAnswer judged = judge_ocsp(stapled, link, clock_.wall_now());
    lookup->failures.push_back("stapled: " + judged.evidence);
  }
  const std::string request = ocsp_request(link);
  for (std::string& url : ocsp_urls(link.certificate)) {
    lookup->sources.push_back({std::move(url), request, kOcspBytesMax});
  }
  for (std::string& url : crl_urls(link.certificate)) {
    lookup->sources.push_back({std::move(url), {}, kCrlBytesMax});
  }
  if (lookup->sources.size() > kSourcesMax) lookup->sources.resize(kSourcesMax);
  return lookup;
}

void RevocationChecker::ask_next(const std::shared_ptr<Lookup>& lookup) {
  if (lookup->next_source == lookup->sources.size()) {
    std::string why = lookup->failures.empty()
                          ? "the certificate names no OCSP responder and no CRL"
                          : join(lookup->failures, "; ");
    return finish(*lookup, {RevocationStatus::Unknown, std::move(why), {}});
  }
  const Question& question = lookup->sources[lookup->next_source];
  ask_shared(question, [this, lookup](const Result<Bytes>& answer) { on_answer(lookup, answer); });
}

void RevocationChecker::on_answer(const std::shared_ptr<Lookup>& lookup,
                                  const Result<Bytes>& answer) {
  if (!answer) {
    return on_judged(lookup, {}, {RevocationStatus::Unknown, answer.error().message, {}});
  }
  if (lookup->sources[lookup->next_source].body.empty()) return judge_list(lookup, *answer);
  const ChainLink link = link_at(lookup->chain, lookup->index, roots_.get());
  on_judged(lookup, {}, judge_ocsp(**answer, link, clock_.wall_now()));
}

void RevocationChecker::judge_list(const std::shared_ptr<Lookup>& lookup, const Bytes& list) {
  const auto judge = [lookup, list, roots = roots_, now = clock_.wall_now()] {
    return judge_crl(*list, link_at(lookup->chain, lookup->index, roots.get()), now);
  };
  if (list->size() <= kListBytesOnLoop) return on_judged(lookup, list, judge());
  const auto judged = std::make_shared<RevocationAnswer>();
  run_aside_([judge, judged] { *judged = judge(); },
             [this, lookup, list, judged] { on_judged(lookup, list, *judged); });
}

void RevocationChecker::on_judged(const std::shared_ptr<Lookup>& lookup, const Bytes& list,
                                  RevocationAnswer judged) {
  const Question& source = lookup->sources[lookup->next_source++];
  if (judged.status == RevocationStatus::Unknown) {
    lookup->failures.push_back(fmt::format("{}: {}", source.url, judged.evidence));
    return ask_next(lookup);
  }
  if (list) keep_list(source.url, list, judged.until);
  if (!judged.evidence.empty()) judged.evidence += ", says " + source.url;
  finish(*lookup, std::move(judged));
}

void RevocationChecker::finish(Lookup& lookup, RevocationAnswer answer) {
  if (answer.status == RevocationStatus::Unknown) {
    answer.until = clock_.wall_now() + kFailureHolds;
  }
  keep(lookup.question, {std::move(answer), {}});
  lookups_.erase(lookup.question);
  for (const auto& wake : std::exchange(lookup.waiting, {})) wake();
}

void RevocationChecker::ask_shared(const Question& question, Answered answered) {
  if (question.body.empty()) {
    const auto known = lists_.find(question.url);
    if (known != lists_.end() && known->second.until > clock_.wall_now()) {
      const Result<Bytes> bytes = known->second.bytes;
      return answered(bytes);
    }
  }
  std::string key = question.url + '\0' + question.body;
  auto& waiting = asked_[key];
  waiting.push_back(std::move(answered));
  if (waiting.size() > 1) return;
  ask_(question, [this, key = std::move(key)](const Result<Bytes>& answer) {
    on_shared_answer(key, answer);
  });
}

void RevocationChecker::on_shared_answer(const std::string& key, const Result<Bytes>& answer) {
  const auto node = asked_.extract(key);
  if (node.empty()) return;
  for (const Answered& answered : node.mapped()) answered(answer);
}

}  // namespace lw::io
