# The Debian package: `deploy/package` makes it, or `cpack --config build/release/CPackConfig.cmake`. Completions and manual page come from
# the executable itself when the package is made.
set(deploy ${PROJECT_SOURCE_DIR}/deploy)
install(TARGETS vera RUNTIME DESTINATION usr/bin)
install(FILES ${deploy}/systemd/vera.service DESTINATION usr/lib/systemd/system)
install(FILES ${deploy}/debian/vera.yaml DESTINATION etc/vera)
install(FILES ${deploy}/debian/subscriptions.README DESTINATION etc/vera/subscriptions.d RENAME README)
install(FILES ${deploy}/debian/copyright ${PROJECT_SOURCE_DIR}/bus/ops/OPTIONS.md DESTINATION usr/share/doc/vera)
install(CODE "
  set(share \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/usr/share\")
  file(MAKE_DIRECTORY \"\${share}/bash-completion/completions\" \"\${share}/man/man1\")
  execute_process(COMMAND $<TARGET_FILE:vera> completion bash OUTPUT_FILE \"\${share}/bash-completion/completions/vera\"
                  COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND $<TARGET_FILE:vera> manual COMMAND gzip -9n OUTPUT_FILE \"\${share}/man/man1/vera.1.gz\"
                  COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND $<TARGET_FILE:vera> config example --full OUTPUT_FILE \"\${share}/doc/vera/vera.yaml.example\"
                  COMMAND_ERROR_IS_FATAL ANY)
")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME vera)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "VeRA maintainers <maintainers@vera.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "service bus of the rammearkitektur")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "VeRA carries business events between the systems of municipalities: AMQP 1.0 in
 and out, schemas checked at the door, every accepted event on disk before the
 sender hears so, order per object, dead letters, audit records.
 .
 One program, vera, is the daemon and the operator's command.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${deploy}/debian/conffiles ${deploy}/debian/postinst ${deploy}/debian/prerm ${deploy}/debian/postrm)
include(CPack)
