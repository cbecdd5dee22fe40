// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/revocation.h"

namespace lw::io {

/// Finds out whether the certificates of chains are revoked, and remembers it until the answers end
/// (nextUpdate, a day at most). Asked are, in this order, the OCSP response that a server stapled,
/// the OCSP responders that the certificate names, and its CRLs. Failures are remembered for a
/// minute. Equal questions under way are asked once. Inside io only; the loop's thread.
class RevocationChecker {
 public:
  struct Question {
    std::string url;
    std::string body;  ///< An OCSP request to POST; empty: GET the CRL.
    std::size_t bytes_max = 0;
  };
  /// Shared, since a CRL can be large and many certificates may wait for it.
  using Bytes = std::shared_ptr<const std::string>;
  using Answered = std::function<void(const Result<Bytes>&)>;
  /// Asks somebody, over plain http, and always calls back, later.
  using Ask = std::function<void(const Question&, Answered)>;

  /// Runs `work` beside the loop, one after the other, and then `then` on it; not from inside.
  using RunAside = std::function<void(std::function<void()> work, std::function<void()> then)>;

  /// The clock must outlive it.
  RevocationChecker(const Clock& clock, std::shared_ptr<X509_STORE> roots, Ask ask,
                    RunAside run_aside);
  RevocationChecker(const RevocationChecker&) = delete;
  RevocationChecker& operator=(const RevocationChecker&) = delete;

  /// Whether it is known by now what is to be known about all certificates of a verified chain but
  /// its root. A stapled response speaks for the leaf.
  [[nodiscard]] bool knows(const CertificateChain& chain, const std::string& stapled);
  /// What is known; Unknown, with why, if that is nothing.
  [[nodiscard]] RevocationAnswer verdict_on(const CertificateChain& chain) const;
  /// Asks for what is not known, and calls `done` once it is, or could not be found out; from
  /// inside if there is nobody to ask.
  void find_out(const CertificateChain& chain, const std::string& stapled,
                const std::function<void()>& done);

 private:
  struct Lookup;
  struct Known {
    RevocationAnswer answer;
    std::string stapled;  ///< The response that said so; empty: somebody who was asked.
  };
  struct KnownList {
    Bytes bytes;
    Timestamp until{};
  };

  [[nodiscard]] const Known* find(const std::string& question) const;
  /// As find(), but a stapled response that is new is heard first.
  [[nodiscard]] const Known* find(const std::string& question, const ChainLink& link,
                                  const std::string& stapled);
  const Known* keep(const std::string& question, Known known);
  void keep_list(const std::string& url, const Bytes& bytes, Timestamp until);
  std::shared_ptr<Lookup> begin(const CertificateChain& chain, std::size_t index,
                                const std::string& stapled);
  void ask_next(const std::shared_ptr<Lookup>& lookup);
  void on_answer(const std::shared_ptr<Lookup>& lookup, const Result<Bytes>& answer);
  void judge_list(const std::shared_ptr<Lookup>& lookup, const Bytes& list);
  void on_judged(const std::shared_ptr<Lookup>& lookup, const Bytes& list, RevocationAnswer judged);
  void finish(Lookup& lookup, RevocationAnswer answer);
  void ask_shared(const Question& question, Answered answered);
  void on_shared_answer(const std::string& key, const Result<Bytes>& answer);

  const Clock& clock_;
  std::shared_ptr<X509_STORE> roots_;
  Ask ask_;
  RunAside run_aside_;
  std::unordered_map<std::string, Known> answers_;    ///< By question.
  std::unordered_map<std::string, KnownList> lists_;  ///< CRLs by URL.
  std::size_t lists_bytes_ = 0;
  std::unordered_map<std::string, std::shared_ptr<Lookup>> lookups_;
  std::unordered_map<std::string, std::vector<Answered>> asked_;
};

}  // namespace lw::io
