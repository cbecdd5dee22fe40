// SPDX-License-Identifier: Apache-2.0
// Debian's archive of libcurl refers to libraries for what the agent never does with it: other
// protocols than HTTP, cookies, Kerberos, compressed bodies. They would be a third of the package.
// Here are their names and nothing behind them: who calls one ends the program with a message. That
// nobody does is due to io/curl_exchange.cpp, which writes each URL itself, and io/http_client.cpp,
// which allows http and https only; both switch no cookies and no other authentication on, and ask
// for no compression. A name that a newer libcurl needs and that is not here does not link.
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace {

[[noreturn, gnu::used]] void called() {
  constexpr std::string_view kText =
      "linewatch: libcurl has called a library that this program was built without\n";
  // Nothing can be done about a failure here.
  if (::write(STDERR_FILENO, kText.data(), kText.size()) < 0) std::abort();
  std::abort();
}

}  // namespace

extern "C" {
void lw_absent();
void lw_absent() { called(); }
// curl_global_init and curl_global_cleanup do call these two.
int libssh2_init(int flags);
int libssh2_init(int /*flags*/) { return 0; }
void libssh2_exit();
void libssh2_exit() {}
}

// Another name of lw_absent, for the linker.
#define LW_ABSENT(name) __asm__(".globl " #name "\n.set " #name ", lw_absent\n");

// LDAP (ldap_*, ber_*)
LW_ABSENT(ldap_abandon_ext)
LW_ABSENT(ldap_err2string)
LW_ABSENT(ldap_free_urldesc)
LW_ABSENT(ldap_get_attribute_ber)
LW_ABSENT(ldap_get_dn_ber)
LW_ABSENT(ldap_get_option)
LW_ABSENT(ldap_init_fd)
LW_ABSENT(ldap_memfree)
LW_ABSENT(ldap_msgfree)
LW_ABSENT(ldap_msgtype)
LW_ABSENT(ldap_parse_result)
LW_ABSENT(ldap_parse_sasl_bind_result)
LW_ABSENT(ldap_pvt_url_scheme2proto)
LW_ABSENT(ldap_result)
LW_ABSENT(ldap_sasl_bind)
LW_ABSENT(ldap_search_ext)
LW_ABSENT(ldap_set_option)
LW_ABSENT(ldap_start_tls)
LW_ABSENT(ldap_unbind_ext)
LW_ABSENT(ldap_url_parse)
LW_ABSENT(ber_bvfree)
LW_ABSENT(ber_free)
LW_ABSENT(ber_memfree)
LW_ABSENT(ber_memvfree)
LW_ABSENT(ber_sockbuf_add_io)

// RTMP
LW_ABSENT(RTMP_Alloc)
LW_ABSENT(RTMP_Close)
LW_ABSENT(RTMP_Connect1)
LW_ABSENT(RTMP_ConnectStream)
LW_ABSENT(RTMP_Free)
LW_ABSENT(RTMP_Init)
LW_ABSENT(RTMP_Read)
LW_ABSENT(RTMP_SetBufferMS)
LW_ABSENT(RTMP_SetupURL)
LW_ABSENT(RTMP_Write)

// SSH: SCP and SFTP
LW_ABSENT(libssh2_agent_connect)
LW_ABSENT(libssh2_agent_disconnect)
LW_ABSENT(libssh2_agent_free)
LW_ABSENT(libssh2_agent_get_identity)
LW_ABSENT(libssh2_agent_init)
LW_ABSENT(libssh2_agent_list_identities)
LW_ABSENT(libssh2_agent_userauth)
LW_ABSENT(libssh2_channel_free)
LW_ABSENT(libssh2_channel_read_ex)
LW_ABSENT(libssh2_channel_send_eof)
LW_ABSENT(libssh2_channel_wait_closed)
LW_ABSENT(libssh2_channel_wait_eof)
LW_ABSENT(libssh2_channel_write_ex)
LW_ABSENT(libssh2_hostkey_hash)
LW_ABSENT(libssh2_knownhost_add)
LW_ABSENT(libssh2_knownhost_checkp)
LW_ABSENT(libssh2_knownhost_del)
LW_ABSENT(libssh2_knownhost_free)
LW_ABSENT(libssh2_knownhost_get)
LW_ABSENT(libssh2_knownhost_init)
LW_ABSENT(libssh2_knownhost_readfile)
LW_ABSENT(libssh2_knownhost_writefile)
LW_ABSENT(libssh2_scp_recv2)
LW_ABSENT(libssh2_scp_send64)
LW_ABSENT(libssh2_session_abstract)
LW_ABSENT(libssh2_session_block_directions)
LW_ABSENT(libssh2_session_callback_set)
LW_ABSENT(libssh2_session_disconnect_ex)
LW_ABSENT(libssh2_session_flag)
LW_ABSENT(libssh2_session_free)
LW_ABSENT(libssh2_session_handshake)
LW_ABSENT(libssh2_session_hostkey)
LW_ABSENT(libssh2_session_init_ex)
LW_ABSENT(libssh2_session_last_errno)
LW_ABSENT(libssh2_session_last_error)
LW_ABSENT(libssh2_session_method_pref)
LW_ABSENT(libssh2_session_set_blocking)
LW_ABSENT(libssh2_sftp_close_handle)
LW_ABSENT(libssh2_sftp_init)
LW_ABSENT(libssh2_sftp_last_error)
LW_ABSENT(libssh2_sftp_mkdir_ex)
LW_ABSENT(libssh2_sftp_open_ex)
LW_ABSENT(libssh2_sftp_read)
LW_ABSENT(libssh2_sftp_readdir_ex)
LW_ABSENT(libssh2_sftp_rename_ex)
LW_ABSENT(libssh2_sftp_rmdir_ex)
LW_ABSENT(libssh2_sftp_seek64)
LW_ABSENT(libssh2_sftp_shutdown)
LW_ABSENT(libssh2_sftp_stat_ex)
LW_ABSENT(libssh2_sftp_statvfs)
LW_ABSENT(libssh2_sftp_symlink_ex)
LW_ABSENT(libssh2_sftp_unlink_ex)
LW_ABSENT(libssh2_sftp_write)
LW_ABSENT(libssh2_userauth_authenticated)
LW_ABSENT(libssh2_userauth_keyboard_interactive_ex)
LW_ABSENT(libssh2_userauth_list)
LW_ABSENT(libssh2_userauth_password_ex)
LW_ABSENT(libssh2_userauth_publickey_fromfile_ex)
LW_ABSENT(libssh2_version)

// Kerberos and SPNEGO
LW_ABSENT(GSS_C_NT_HOSTBASED_SERVICE)
LW_ABSENT(gss_delete_sec_context)
LW_ABSENT(gss_display_name)
LW_ABSENT(gss_display_status)
LW_ABSENT(gss_import_name)
LW_ABSENT(gss_init_sec_context)
LW_ABSENT(gss_inquire_context)
LW_ABSENT(gss_release_buffer)
LW_ABSENT(gss_release_name)
LW_ABSENT(gss_unwrap)
LW_ABSENT(gss_wrap)

// The list of public suffixes, for cookies
LW_ABSENT(psl_builtin)
LW_ABSENT(psl_free)
LW_ABSENT(psl_get_version)
LW_ABSENT(psl_is_cookie_domain_acceptable)
LW_ABSENT(psl_latest)

// Compressed bodies
LW_ABSENT(ZSTD_createDStream)
LW_ABSENT(ZSTD_decompressStream)
LW_ABSENT(ZSTD_freeDStream)
LW_ABSENT(ZSTD_isError)
LW_ABSENT(ZSTD_versionNumber)
LW_ABSENT(BrotliDecoderCreateInstance)
LW_ABSENT(BrotliDecoderDecompressStream)
LW_ABSENT(BrotliDecoderDestroyInstance)
LW_ABSENT(BrotliDecoderGetErrorCode)
LW_ABSENT(BrotliDecoderVersion)
