// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace lw::io {

/// Owners of OpenSSL's objects.
struct OpensslDeleter {
  void operator()(BIO* object) const { BIO_free_all(object); }
  void operator()(EVP_PKEY* object) const { EVP_PKEY_free(object); }
  void operator()(X509* object) const { X509_free(object); }
  void operator()(X509_REQ* object) const { X509_REQ_free(object); }
  void operator()(SSL_CTX* object) const { SSL_CTX_free(object); }
  void operator()(SSL* object) const { SSL_free(object); }
};
using BioPointer = std::unique_ptr<BIO, OpensslDeleter>;
using KeyPointer = std::unique_ptr<EVP_PKEY, OpensslDeleter>;
using CertificatePointer = std::unique_ptr<X509, OpensslDeleter>;
using RequestPointer = std::unique_ptr<X509_REQ, OpensslDeleter>;
using SslContextPointer = std::unique_ptr<SSL_CTX, OpensslDeleter>;
using SslPointer = std::unique_ptr<SSL, OpensslDeleter>;

}  // namespace lw::io
