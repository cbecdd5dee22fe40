# SPDX-License-Identifier: Apache-2.0
# The web UI inside the executable: web/dist, which `npm ci && npm run build` makes in web/. Without
# it the server says that it was built without.
set(LW_WEB_DIST ${PROJECT_SOURCE_DIR}/web/dist CACHE PATH "the built web UI to pack into linewatch")

# Adds the packed files to `target`.
function(lw_web_assets target)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  # It names all others by their content, so when they change it does; or it comes and goes.
  file(GLOB files CONFIGURE_DEPENDS ${LW_WEB_DIST}/index.html)
  set(script ${PROJECT_SOURCE_DIR}/cmake/pack_web.py)
  set(packed ${CMAKE_CURRENT_BINARY_DIR}/web_assets)
  add_custom_command(OUTPUT ${packed}.cpp ${packed}.bin
    COMMAND ${Python3_EXECUTABLE} -B ${script} ${LW_WEB_DIST} ${packed}
    DEPENDS ${script} ${files}
    COMMENT "Packing the web UI" VERBATIM)
  target_sources(${target} PRIVATE ${packed}.cpp)
  # The compiler does not see what the assembler includes.
  set_property(SOURCE ${packed}.cpp PROPERTY OBJECT_DEPENDS ${packed}.bin)
endfunction()
