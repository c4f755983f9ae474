/*
 * mesh/mesh.h - libmesh: the data plane of a service mesh as a library.
 */
#ifndef MESH_MESH_H
#define MESH_MESH_H

#include <mesh/base.h>
#include <mesh/call.h>
#include <mesh/config.h>
#include <mesh/conn.h>
#include <mesh/decision.h>
#include <mesh/diagnostics.h>
#include <mesh/identity.h>
#include <mesh/loop.h>
#include <mesh/server.h>
#include <mesh/workload.h>

#endif
