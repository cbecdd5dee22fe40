// SPDX-License-Identifier: Apache-2.0
// Anybody with a join token can send a signing request, and whoever answers for the server a
// certificate.
#include "io/pki.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/assert.h"
#include "base/text.h"
#include "tests/fuzz/input.h"

namespace lw::io {
namespace {

/// The bytes between the marks of a PEM text, so that the fuzzer need not find base64 by itself.
std::string pem_of(std::string_view kind, std::span<const std::uint8_t> der) {
  std::string base64(4 * ((der.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), der.data(),
                                     static_cast<int>(der.size()));
  base64.resize(static_cast<std::size_t>(length));
  std::string pem = "-----BEGIN " + std::string(kind) + "-----\n";
  for (std::size_t at = 0; at < base64.size(); at += 64) pem += base64.substr(at, 64) + "\n";
  return pem + "-----END " + std::string(kind) + "-----\n";
}

void check_certificate(const std::string& pem) {
  const auto read = read_certificate(pem);
  if (!read) return;
  LW_ASSERT(read->sha256_hex.size() == 64);
  LW_ASSERT(!to_iso8601(read->not_before).empty() && !to_iso8601(read->not_after).empty());
}

/// Reading the authority's key takes a hundred times as long as refusing what is no request.
bool is_request(const std::string& pem) {
  BIO* const memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509_REQ* const request = PEM_read_bio_X509_REQ(memory, nullptr, nullptr, nullptr);
  BIO_free(memory);
  X509_REQ_free(request);
  ERR_clear_error();
  return request != nullptr;
}

/// Whatever the request asks for, the certificate says what we say.
void check_request(const std::string& pem) {
  if (!is_request(pem)) return;
  static const auto kAuthority =
      create_certificate_authority("fuzz", Timestamp(Seconds(1'700'000'000)));
  LW_ASSERT(kAuthority);
  const Timestamp from(Seconds(1'700'000'000));
  const Timestamp to(Seconds(1'700'086'400));
  const auto signed_pem = sign_client_certificate(*kAuthority, pem, "agent-1", from, to);
  if (!signed_pem) return;
  const auto read = read_certificate(*signed_pem);
  LW_ASSERT(read && read->subject_common_name == "agent-1");
  LW_ASSERT(read->issuer_common_name == "fuzz");
  LW_ASSERT(read->not_before == from && read->not_after == to);
  LW_ASSERT(read->dns_names.empty() && read->ip_addresses.empty());
}

}  // namespace
}  // namespace lw::io

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw::io;
  lw::fuzz::Input input(data, size);
  const bool is_text = input.flag();
  const std::string as_text(input.text());
  check_certificate(is_text ? as_text : pem_of("CERTIFICATE", input.rest()));
  check_request(is_text ? as_text : pem_of("CERTIFICATE REQUEST", input.rest()));
  return 0;
}
