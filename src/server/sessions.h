// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "server/oidc/identity.h"

namespace lw::server {

/// A browser that is signed in: what was opened with a token or by a provider, and until when.
struct Session {
  std::string token_sha256;  ///< raw bytes: of the token that opened it; empty if none did
  std::optional<oidc::Identity> identity = {};  ///< who a provider said it is, if one did
  Timestamp used{};                             ///< the last call
  Timestamp ends{};  ///< whatever is used: a week, or the token's own end
};

/// The browsers' sessions. A cookie holds 256 random bits; what is kept of it is its SHA-256, so
/// that neither the memory nor the file lets anybody in. A session is no right of its own: who asks
/// looks its token up each time, and a token that was removed ends all that it opened. Likewise
/// what a provider's people may do is decided each time, by the rules in force.
///
/// Kept in one file for the owner only, so that a restart signs nobody out. find() may be called
/// from any thread and never blocks; what writes the file says so.
class Sessions {
 public:
  static constexpr std::chrono::hours kIdleMax{12};
  static constexpr std::chrono::hours kLifeMax{24 * 7};
  /// Above, the one that was not used for longest ends.
  static constexpr std::size_t kSessionsMax = 10'000;

  /// `path` is of the file; empty: nothing outlives the process.
  explicit Sessions(std::string path = {}) : path_(std::move(path)) {}

  /// Reads the file if there is one. A file that cannot be understood signs everybody out.
  Result<void> load(Timestamp now);
  /// The new session's cookie, shown this once. Blocks on the disk.
  Result<std::string> open(const std::string& token_sha256, std::optional<Timestamp> token_ends,
                           Timestamp now);
  /// Likewise for whom a provider has named, until `ends`.
  Result<std::string> open(const oidc::Identity& identity, Timestamp ends, Timestamp now);
  /// The session behind a cookie, which counts as its use; nothing if there is none or it is over.
  std::optional<Session> find(const std::string& cookie, Timestamp now);
  /// Ends it; nothing happens if there is none. Blocks on the disk.
  Result<void> close(const std::string& cookie, Timestamp now);
  /// Writes when sessions were last used, if that was not done for some minutes. Blocks on the
  /// disk.
  Result<void> save_if_due(Timestamp now);
  [[nodiscard]] std::size_t size() const;

 private:
  using ByCookie = std::map<std::string, Session>;  ///< by the cookie's SHA-256
  struct State {
    ByCookie sessions;
    Timestamp saved{};
  };
  Result<std::string> open(Session session, Timestamp now);
  Result<void> save(Timestamp now);

  const std::string path_;
  Guarded<State> state_;
};

inline constexpr std::string_view kSessionCookie = "linewatch_session";

/// A Set-Cookie header's value (RFC 6265bis): for this site only, and out of scripts' reach.
std::string session_cookie_header(const std::string& cookie, Seconds life);

/// The session's cookie out of a Cookie header (RFC 6265 §4.2.1); empty if there is none.
std::string session_cookie_of(std::string_view cookie_header);

}  // namespace lw::server
