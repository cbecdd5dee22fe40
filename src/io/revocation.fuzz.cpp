// SPDX-License-Identifier: Apache-2.0
// OCSP responses and CRLs come over plain http from wherever a certificate says, and stapled
// responses from any server that is checked.
#include "io/revocation.h"

#include <openssl/pem.h>

#include "base/assert.h"
#include "io/http_target.h"
#include "io/openssl_pointers.h"
#include "io/pki.h"
#include "tests/fuzz/input.h"

namespace lw::io {
namespace {

const Timestamp kNow(Seconds(1'790'000'000));

std::shared_ptr<X509> read(const std::string& pem) {
  const BioPointer memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return {PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr), X509_free};
}

/// A certificate of our own, its issuer, and a store that trusts that.
struct Setting {
  Setting() {
    const auto authority = create_certificate_authority("fuzz", kNow);
    const auto leaf = issue_server_certificate(
        *authority, {"web", {"web.example"}, {}, kNow - Seconds(3600), kNow + Seconds(3600)});
    chain = {read(leaf->certificate_pem), read(authority->certificate_pem)};
    roots = load_trusted_roots(authority->certificate_pem);
  }
  CertificateChain chain;
  std::shared_ptr<X509_STORE> roots;
};

/// Nobody but the issuer, whose key the fuzzer does not have, may say that it is good or revoked.
void check_answer(const RevocationAnswer& answer) {
  LW_ASSERT(answer.status == RevocationStatus::Unknown);
  LW_ASSERT(!answer.evidence.empty());
}

void check_location(const std::string& text) {
  const HttpTarget from{true, "web.example", 443, "/a"};
  const auto target = resolve_location(from, text);
  if (!target) return;
  LW_ASSERT(!target->host.empty() && target->port != 0 && target->path.starts_with('/'));
}

}  // namespace
}  // namespace lw::io

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw::io;
  static const Setting kSetting;
  const ChainLink link{kSetting.chain[0].get(), kSetting.chain[1].get(), kSetting.chain,
                       kSetting.roots.get()};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_answer(judge_ocsp(bytes, link, kNow));
  check_answer(judge_crl(bytes, link, kNow));
  check_location(std::string(bytes.substr(0, bytes.find('\0'))));
  return 0;
}
