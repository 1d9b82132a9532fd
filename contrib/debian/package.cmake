# `cpack` in the build directory makes the Debian package: the program, its manual, the units, the cron file.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mtalens)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "mtalens maintainers <mtalens@packages.example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "says what is wrong in the log of a mail server")
set(CPACK_PACKAGE_DESCRIPTION "mtalens reads the mail log of Postfix, Exim or sendmail and tells which
provider refuses mail and why, what limit it keeps, whether the queue toward
it will ever empty, which forward or login causes it, which STARTTLS
handshakes fail and what became of that mail, and whether a change that
somebody made helped. Each finding names the configuration lines to change
and the log line that proves it.")
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postfix | exim4 | sendmail, cron")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/conffiles)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
# What only a package brings stands in the component `debian`, which `cmake --install` leaves out.
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};mtalens;ALL;/" "${PROJECT_BINARY_DIR};mtalens;debian;/")

find_program(GZIP gzip REQUIRED)
set(MTALENS_DEBIAN_CHANGELOG ${PROJECT_BINARY_DIR}/generated/changelog.gz)
add_custom_command(OUTPUT ${MTALENS_DEBIAN_CHANGELOG}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/generated
  COMMAND ${GZIP} -9nc ${CMAKE_CURRENT_LIST_DIR}/changelog > ${MTALENS_DEBIAN_CHANGELOG}
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/changelog)
add_custom_target(debian_changelog ALL DEPENDS ${MTALENS_DEBIAN_CHANGELOG})
install(FILES ${MTALENS_DEBIAN_CHANGELOG} ${CMAKE_CURRENT_LIST_DIR}/copyright DESTINATION share/doc/mtalens
  COMPONENT debian EXCLUDE_FROM_ALL)
install(PROGRAMS ${PROJECT_SOURCE_DIR}/contrib/cron.daily DESTINATION /etc/cron.daily RENAME mtalens
  COMPONENT debian EXCLUDE_FROM_ALL)
include(CPack)
