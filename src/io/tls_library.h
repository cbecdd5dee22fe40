// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string_view>

namespace lw::io {

/// What the TLS connections of checks have in common. Connections share nothing that could make one
/// depend on another: no session, no verdict, no setting that differs. Shared is what is the same
/// for all and costs OpenSSL 3.0 more than all cryptography of a handshake:
///
/// - One SSL_CTX, whereas libcurl makes one for each connection and has no way to be given one. See
///   Scope.
/// - The algorithms, in a library context of their own (OSSL_LIB_CTX). For each public key that
///   OpenSSL reads it searches all decoders and ciphers that it has; here it finds what TLS clients
///   use and nothing else. Servers are offered exactly the same, and keys of every kind are read.
///   Where the process was configured (openssl.cnf) to use other providers than the default one, or
///   only some algorithms ("fips=yes"), that holds here too.
///
/// One for each thread, so that threads do not wait for each other's locks. Must outlive all that
/// was made in it: connections and certificates. Inside io only.
class TlsLibrary {
 public:
  TlsLibrary();

  /// While it lives, SSL_CTX_new() on this thread hands out the library's context. On the stack,
  /// around libcurl. Works because the dynamic linker prefers a program's own function to one of a
  /// shared library; should it not, libcurl makes a context for each connection as it always does,
  /// which is slower and else no different.
  class Scope {
   public:
    explicit Scope(const TlsLibrary& library);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    SSL_CTX* before_;
  };

  /// For all connections of clients; nullptr if OpenSSL could make none.
  [[nodiscard]] SSL_CTX* context() const { return context_.get(); }
  /// The algorithms are not the process's own ones.
  [[nodiscard]] bool has_own_algorithms() const { return algorithms_ != nullptr; }

 private:
  struct Free {
    void operator()(OSSL_LIB_CTX* algorithms) const;
    void operator()(OSSL_PROVIDER* provider) const;
    void operator()(SSL_CTX* context) const;
  };
  std::unique_ptr<OSSL_LIB_CTX, Free> algorithms_;  ///< nullptr: the process's.
  std::unique_ptr<OSSL_PROVIDER, Free> provider_;   ///< Goes before them.
  std::unique_ptr<SSL_CTX, Free> context_;
};

/// Whether TLS clients need the algorithm; `names` and `properties` as providers write them
/// (provider-base(7)). What is not known here is needed. Pure.
bool serves_tls_clients(int operation, std::string_view names, std::string_view properties);

}  // namespace lw::io
