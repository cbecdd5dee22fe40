// SPDX-License-Identifier: Apache-2.0
// Every server that is checked sends a certificate of its own making.
#include "io/tls_inspector.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <memory>

#include "base/assert.h"
#include "base/text.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  const unsigned char* at = data;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(size)), X509_free);
  ERR_clear_error();
  if (certificate == nullptr) return 0;
  const io::CertificateFacts report = io::describe_certificate(certificate.get());
  LW_ASSERT(report.has_certificate);
  // All of it is shown on terminals and in logs.
  LW_ASSERT(is_printable(valid_utf8(report.subject)) && is_printable(valid_utf8(report.issuer)));
  for (const std::string& name : report.names) {
    LW_ASSERT(!name.empty() && is_printable(valid_utf8(name)));
  }
  LW_ASSERT(!to_iso8601(report.not_before).empty() && !to_iso8601(report.not_after).empty());
  return 0;
}
