// SPDX-License-Identifier: Apache-2.0
#include "io/tls_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace lw::io {

bool serves_tls_clients(int operation, std::string_view names, std::string_view properties) {
  // What no cipher suite of TLS 1.2 and 1.3 has, and no certificate. (The random generator, which
  // is one of the provider's own algorithms, takes its CTR from the process's context.)
  static constexpr std::array<std::string_view, 9> kOtherModes{
      "-ECB", "-CFB", "-OFB", "-CTR", "-XTS", "-OCB", "-SIV", "-WRAP", "-CTS"};
  static constexpr std::array<std::string_view, 3> kOtherDigests{"BLAKE2", "KECCAK", "RIPEMD"};
  static constexpr std::array<std::string_view, 7> kOtherDerivations{
      "SCRYPT", "PBKDF", "PKCS12KDF", "X942KDF", "X963KDF", "SSHKDF", "KRB5KDF"};
  const auto has_one_of = [names](const auto& words) {
    return std::ranges::any_of(
        words, [names](std::string_view word) { return names.find(word) != names.npos; });
  };
  switch (operation) {
    case OSSL_OP_CIPHER:
      return !has_one_of(kOtherModes);
    case OSSL_OP_DIGEST:
      return !has_one_of(kOtherDigests);
    case OSSL_OP_KDF:
      return !has_one_of(kOtherDerivations);
    case OSSL_OP_DECODER:
      // Public keys, as certificates have them (RFC 5280 §4.1.2.7).
      return properties.find("input=der") != std::string_view::npos &&
             properties.find("structure=SubjectPublicKeyInfo") != std::string_view::npos;
    case OSSL_OP_ENCODER:
    case OSSL_OP_STORE:
      return false;
    default:
      return true;
  }
}

namespace {

/// Before anything else of the process asks OpenSSL to do so, it is told not to clean up at exit:
/// gRPC's threads may still close connections then, and would meet locks that are gone.
const int kStaysUntilTheEnd = OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);

constexpr std::size_t kOperations = OSSL_OP__HIGHEST + 1;

/// The process's default provider, and those of its algorithms that are passed on. Lives as long
/// as the process.
struct Passed {
  OSSL_PROVIDER* provider = nullptr;
  std::array<std::vector<OSSL_ALGORITHM>, kOperations> algorithms;
};

Passed read_default_provider() {
  Passed passed;
  passed.provider = OSSL_PROVIDER_load(nullptr, "default");
  if (passed.provider == nullptr) return passed;
  for (std::size_t i = 0; i < kOperations; ++i) {
    const int operation = static_cast<int>(i);
    int may_change = 0;
    const OSSL_ALGORITHM* one =
        OSSL_PROVIDER_query_operation(passed.provider, operation, &may_change);
    for (; one != nullptr && one->algorithm_names != nullptr; ++one) {
      if (serves_tls_clients(operation, one->algorithm_names, one->property_definition)) {
        passed.algorithms.at(i).push_back(*one);
      }
    }
    passed.algorithms.at(i).push_back({});  // The end of the list.
  }
  return passed;
}

const Passed& passed() {
  static const Passed kRead = read_default_provider();
  return kRead;
}

// A provider as OpenSSL calls it (provider(7)). Its context is the default provider's own, which
// the algorithms that it passes on expect.

const OSSL_ALGORITHM* on_query(void*, int operation, int* may_change) {
  *may_change = 0;
  const auto i = static_cast<std::size_t>(operation);
  return i < kOperations ? passed().algorithms.at(i).data() : nullptr;
}

int on_capabilities(void*, const char* capability, OSSL_CALLBACK* tell, void* argument) {
  return OSSL_PROVIDER_get_capabilities(passed().provider, capability, tell, argument);
}

const OSSL_PARAM* on_gettable(void*) { return OSSL_PROVIDER_gettable_params(passed().provider); }

int on_get(void*, OSSL_PARAM* parameters) {
  return OSSL_PROVIDER_get_params(passed().provider, parameters);
}

template <class Function>
OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

int on_load(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** out,
            void** context) {
  static const std::array<OSSL_DISPATCH, 5> kFunctions{
      entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, &on_query),
      entry(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, &on_capabilities),
      entry(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, &on_gettable),
      entry(OSSL_FUNC_PROVIDER_GET_PARAMS, &on_get), OSSL_DISPATCH{}};
  *out = kFunctions.data();
  *context = OSSL_PROVIDER_get0_provider_ctx(passed().provider);
  return 1;
}

/// Somebody wants more or less than what OpenSSL brings along.
bool is_configured_otherwise() {
  bool has_others = false;
  const auto look = [](OSSL_PROVIDER* provider, void* found) {
    const std::string_view name = OSSL_PROVIDER_get0_name(provider);
    if (name != "default" && name != "base") *static_cast<bool*>(found) = true;
    return 1;
  };
  OSSL_PROVIDER_do_all(nullptr, look, &has_others);
  return has_others || EVP_default_properties_is_fips_enabled(nullptr) == 1;
}

constexpr const char* kProviderName = "linewatch-tls";

OSSL_LIB_CTX* make_algorithms() {
  if (is_configured_otherwise() || passed().provider == nullptr) return nullptr;
  return OSSL_LIB_CTX_new();
}

OSSL_PROVIDER* load_provider(OSSL_LIB_CTX* algorithms) {
  if (algorithms == nullptr) return nullptr;
  if (OSSL_PROVIDER_add_builtin(algorithms, kProviderName, on_load) != 1) return nullptr;
  return OSSL_PROVIDER_load(algorithms, kProviderName);
}

thread_local SSL_CTX* handed_out = nullptr;

}  // namespace

TlsLibrary::TlsLibrary()
    : algorithms_(make_algorithms()), provider_(load_provider(algorithms_.get())) {
  if (!provider_) algorithms_.reset();
  ERR_clear_error();
  context_.reset(SSL_CTX_new_ex(algorithms_.get(), nullptr, TLS_client_method()));
}

void TlsLibrary::Free::operator()(OSSL_LIB_CTX* algorithms) const { OSSL_LIB_CTX_free(algorithms); }

void TlsLibrary::Free::operator()(OSSL_PROVIDER* provider) const { OSSL_PROVIDER_unload(provider); }

void TlsLibrary::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

TlsLibrary::Scope::Scope(const TlsLibrary& library)
    : before_(std::exchange(handed_out, library.context())) {}

TlsLibrary::Scope::~Scope() { handed_out = before_; }

}  // namespace lw::io

/// Takes the place of OpenSSL's function, for the whole program. Outside of a Scope it is the same
/// (SSL_CTX_new(3): "SSL_CTX_new() is the same as SSL_CTX_new_ex() with NULL and NULL").
extern "C" SSL_CTX* SSL_CTX_new(const SSL_METHOD* method) {
  SSL_CTX* const shared = lw::io::handed_out;
  if (shared == nullptr || method != TLS_client_method()) {
    return SSL_CTX_new_ex(nullptr, nullptr, method);
  }
  SSL_CTX_up_ref(shared);  // The caller's, to free.
  return shared;
}
