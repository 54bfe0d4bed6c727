# Debian 12 ships no CMake package for Proton, and its .pc files are broken. libqpid-proton-cpp uses the split C library
# libqpid-proton-core; the combined libqpid-proton of the C development package would load a second copy of Proton.
find_path(PROTON_INCLUDE_DIR proton/connection_driver.h REQUIRED)
find_library(PROTON_CPP_LIBRARY qpid-proton-cpp REQUIRED)
find_library(PROTON_CORE_LIBRARY NAMES qpid-proton-core libqpid-proton-core.so.10 REQUIRED)
add_library(vera::proton_core INTERFACE IMPORTED GLOBAL) # server side: pn_connection_driver
target_include_directories(vera::proton_core SYSTEM INTERFACE ${PROTON_INCLUDE_DIR})
target_link_libraries(vera::proton_core INTERFACE ${PROTON_CORE_LIBRARY})
add_library(vera::proton_cpp INTERFACE IMPORTED GLOBAL) # client side: kit, command line
target_link_libraries(vera::proton_cpp INTERFACE ${PROTON_CPP_LIBRARY} vera::proton_core)
find_library(PROTON_PROACTOR_LIBRARY NAMES qpid-proton-proactor libqpid-proton-proactor.so.1 REQUIRED)
add_library(vera::proton_proactor INTERFACE IMPORTED GLOBAL) # load generator of `vera bench`
target_link_libraries(vera::proton_proactor INTERFACE ${PROTON_PROACTOR_LIBRARY} vera::proton_core)
