# include/mesh: the public headers
meshincludedir = $(includedir)/mesh
meshinclude_HEADERS = \
	include/mesh/base.h
